/** Services that were not heard of in time: their monitors decide, the flips go on to the record. */
import type { Bindings } from "../bindings.ts";
import type { BoardEntry } from "../core/board.ts";
import { HOME_VANTAGE, type OutcomesMessage, type RecordedFlip } from "../core/records.ts";
import { recordedFlip } from "../core/round.ts";
import type { BoardUpdate } from "../pipeline/probe.ts";
import { monitorOf } from "./monitors.ts";

const FLIPS_A_MESSAGE = 40;

export async function sendToMonitors(overdue: readonly BoardEntry[], env: Bindings, now: number): Promise<BoardUpdate> {
  const found = await Promise.all(
    overdue.map(async ({ check, live }) => {
      const silence = await monitorOf(env, check.service_id).expire(check, live.last_at ?? now, now);
      return silence === null ? [] : [{ check, silence }];
    }),
  );
  const answers = found.flat();
  const flips = answers.flatMap(({ check, silence }) =>
    silence.flips.map((flip) => recordedFlip(flip, check, { live: silence.live, version: null })),
  );
  for (let start = 0; start < flips.length; start += FLIPS_A_MESSAGE) {
    await env.OUTCOMES.send(JSON.stringify(flipsOnly(flips.slice(start, start + FLIPS_A_MESSAGE), now)), {
      contentType: "text",
    });
  }
  return { items: answers.map(({ check, silence }) => [check.service_id, silence.live]), flips };
}

/** A message that records flips which no round made. */
export function flipsOnly(flips: RecordedFlip[], now: number): OutcomesMessage {
  const round = { lane: 0, due_at: now, attempt: 0 };
  return { round, vantage: HOME_VANTAGE, started_at: now, results: [], flips, versions: [] };
}
