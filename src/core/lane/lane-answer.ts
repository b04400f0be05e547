/** The response of a lane's monitor to a question about some of its services. */
import type { Check } from "../service/check.ts";
import type { LiveState } from "../service/records.ts";
import type { MonitorState } from "../status/monitor-state.ts";
import type { Flip } from "../status/recorded-flip.ts";
import { type LaneRecord, standingOf } from "./lane-record.ts";

export interface LaneAnswer<T> {
  /**
   * One result for each service, in the order of the question; null: the lane no longer watches the service, or has no
   * state of it.
   */
  results: (T | null)[];
  /** Ids of services whose state may be in a former lane. The caller moves the state and asks again. */
  strangers: number[];
  /** States that arrived from former lanes. The former lanes do not know yet that the states arrived. */
  unsettled: { service_id: number; lane: number }[];
}

/** The state of a service after too long a silence, or after the hub stopped watching it. */
export interface Unwatched {
  live: LiveState;
  /** Flips that may not be in the database yet, oldest first. */
  flips: Flip[];
}

/** Asks `reply` about each service that is in the lane. `recordOf`: what the lane keeps of a service. */
export function answerAll<I extends { check: Check }, T>(
  items: readonly I[],
  recordOf: (serviceId: number) => LaneRecord | undefined,
  reply: (item: I, state: MonitorState | null) => T | null,
): LaneAnswer<T> {
  const answer: LaneAnswer<T> = { results: [], strangers: [], unsettled: [] };
  for (const item of items) {
    const { check } = item;
    const record = recordOf(check.service_id);
    const standing = standingOf(record, check);
    if (standing === "stranger") answer.strangers.push(check.service_id);
    for (const lane of record?.unsettled ?? []) answer.unsettled.push({ service_id: check.service_id, lane });
    answer.results.push(standing === "here" ? reply(item, record?.state ?? null) : null);
  }
  return answer;
}

/** The answer of a lane that watches none of the services. */
export function nothingOf<T>(items: readonly unknown[]): LaneAnswer<T> {
  return { results: items.map(() => null), strangers: [], unsettled: [] };
}
