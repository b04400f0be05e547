/** The first states of a live board that has lost its memory. */

import type { Check } from "../service/check.ts";
import type { LiveState, ObservationDetails, Verdict } from "../service/records.ts";
import { unknownState } from "./board-entry.ts";

export interface LastRound {
  /** Start of the round, Unix ms. */
  at: number;
  verdict: Verdict;
  latency_ms: number | null;
  error: string | null;
  details: ObservationDetails;
}

export interface BoardSeed {
  check: Check;
  /** Null: the service was not checked in the last rounds of its lane. */
  last: LastRound | null;
}

/**
 * A service whose last round is no longer stored counts as heard when its status began, so that its silence counts. Its
 * lane knows the exact time.
 */
export function seededState({ check, last }: BoardSeed): LiveState {
  const { recorded_status, recorded_since, recorded_seq } = check;
  const heard = recorded_status !== "unknown";
  return {
    ...unknownState(recorded_since),
    status: recorded_status,
    flip_seq: recorded_seq,
    last_at: last?.at ?? (heard ? recorded_since : null),
    latency_ms: last?.latency_ms ?? null,
    error: last?.error ?? null,
    details: last?.details ?? {},
  };
}
