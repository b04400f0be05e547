/**
 * Checks at once what failing services depend on, so that a root cause is confirmed within the same seconds as those
 * that it takes along. Best effort: the schedule finds the cause anyway, only later.
 */

import type { ProbeMessage } from "../core/lane/queue-messages.ts";
import { onDemandTime } from "../core/lane/round.ts";
import { firstRounds } from "../core/lane/schedule.ts";
import type { Check } from "../core/service/check.ts";
import type { JudgedFinding } from "./judge.ts";

/** Of each failing service, the nearest first. */
export const MAX_CAUSES = 20;

export interface CheckCausesDeps {
  /** Unix ms. */
  now(): number;
  /** Watched services that the hub probes and that these need, directly or not; at most `limit` for each of them. */
  dependenciesOf(ids: readonly number[], limit: number): Promise<Check[]>;
  /** Returns those of the ids that may be checked now: nobody looked at them for a moment, and they are not down. */
  claim(ids: number[]): Promise<number[]>;
  send(messages: ProbeMessage[]): Promise<void>;
  failed(error: unknown): void;
}

/** Services that fail and are not down: what took them along may be found out now. */
export function suspicious(judged: readonly JudgedFinding[]): Check[] {
  return judged.flatMap(({ check, outcome: { observation, live } }) =>
    observation.verdict === "fail" && (live.status !== "down" || live.since >= observation.at) ? [check] : [],
  );
}

/** Never throws. */
export async function checkCauses(failing: readonly Check[], deps: CheckCausesDeps): Promise<void> {
  if (failing.length === 0) return;
  try {
    const ids = failing.map(({ service_id }) => service_id);
    const needed = await deps.dependenciesOf(ids, MAX_CAUSES);
    const others = needed.filter(({ service_id }) => !ids.includes(service_id));
    if (others.length === 0) return;
    const claimed = new Set(await deps.claim(others.map(({ service_id }) => service_id)));
    const causes = others.filter(({ service_id }) => claimed.has(service_id));
    if (causes.length > 0) await deps.send(firstRounds(causes, onDemandTime(deps.now())));
  } catch (error) {
    deps.failed(error);
  }
}
