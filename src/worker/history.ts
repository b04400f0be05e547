/** What is written of results and flips, and who is told that the log of events has new ones. */
import { WAKE_LIMIT_MS } from "../core/durations.ts";
import type { RecordedFlip } from "../core/records.ts";
import { within } from "../core/settle-each.ts";
import type { RecordDeps } from "../pipeline/record.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf, bridgeOf } from "../platform/object-stubs.ts";
import { openDatabase } from "../store/database.ts";
import { recordFlips, recordOutcomes } from "../store/outcomes.ts";
import type { Hub } from "./hub.ts";

export function recordDeps(hub: Hub): RecordDeps {
  const { env, clock } = hub;
  return {
    now: clock.now,
    store: (messages) => recordOutcomes(openDatabase(env.DB), messages),
    recorded: async (at) => boardOf(env).recorded(at),
    wakeReaders: () => wakeReaders(hub),
  };
}

/** A database that is away gets them with the outcomes of their round. */
export async function writeFlips(flips: RecordedFlip[], hub: Hub): Promise<void> {
  if (flips.length === 0) return;
  try {
    await recordFlips(openDatabase(hub.env.DB), flips, hub.clock.now());
    await wakeReaders(hub);
  } catch (error) {
    log("warn", "flips.written_later", { error: errorText(error) });
  }
}

/** Tells the readers of the log that there is something new. One that does not hear it looks within a minute. */
export async function wakeReaders({ env, settings, clock }: Hub): Promise<void> {
  if (settings.NATS_URL === undefined) return;
  try {
    const told = Promise.resolve(bridgeOf(env).wake());
    await within(WAKE_LIMIT_MS, told, clock);
  } catch (error) {
    log("warn", "nats.not_woken", { error: errorText(error) });
  }
}

/** The id of the last event of the log that every reader has read. Throws when one does not answer. */
export async function readUpTo({ env, settings }: Hub): Promise<number> {
  return settings.NATS_URL === undefined ? Number.MAX_SAFE_INTEGER : await bridgeOf(env).readUpTo();
}
