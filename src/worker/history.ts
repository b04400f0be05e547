/** Writes results and flips to the database, and wakes the readers of the log of events. */

import type { OutcomesMessage } from "../core/lane/queue-messages.ts";
import type { RecordedFlip } from "../core/status/recorded-flip.ts";
import { RECORDED_TOLD_MS, WAKE_LIMIT_MS } from "../core/time/durations.ts";
import { within } from "../core/values/settle-each.ts";
import { type RecordDeps, record } from "../pipeline/record.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf, bridgeOf } from "../platform/object-stubs.ts";
import { sendOutcomes } from "../platform/queues.ts";
import { openDatabase } from "../store/database.ts";
import { recordFlips, recordOutcomes } from "../store/history/outcomes.ts";
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

/** When the board was last told by this isolate that something was recorded, Unix ms. */
let toldAt = Number.NEGATIVE_INFINITY;

/**
 * Records a round at once, which saves the three operations of a queue's message. A database that is away, busy or slower
 * than `limitMs` gets it from the queue. Throws when neither takes it.
 */
export async function recordAtOnce(message: OutcomesMessage, hub: Hub, limitMs: number): Promise<void> {
  const { env } = hub;
  try {
    await record([message], {
      ...recordDeps(hub),
      store: (messages) => recordOutcomes(openDatabase(env.DB, limitMs), messages),
      recorded: (at) => tellRecorded(at, hub),
    });
  } catch (error) {
    log("warn", "outcomes.recorded_later", { error: errorText(error) });
    await sendOutcomes(env, message);
  }
}

async function tellRecorded(at: number, { env }: Hub): Promise<void> {
  if (Math.abs(at - toldAt) < RECORDED_TOLD_MS) return;
  await boardOf(env).recorded(at);
  toldAt = at;
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
