/** One service on the live board. */
import type { Check } from "../service/check.ts";
import type { LiveState, ObservationDetails, Verdict } from "../service/records.ts";
import { UNJUDGED } from "../service/unreadable.ts";

export interface BoardEntry {
  check: Check;
  live: LiveState;
}

export function unknownState(now: number): LiveState {
  return {
    status: "unknown",
    since: now,
    last_at: null,
    latency_ms: null,
    error: null,
    details: {},
    consecutive_failures: 0,
    flapping: false,
    unseen_from: [],
    flip_seq: 0,
  };
}

/** Of a service whose check can't be judged as it is stored. What was known of it before says nothing of now. */
export function unjudgedState({ since, last_at, flip_seq }: LiveState): LiveState {
  return { ...unknownState(since), last_at, flip_seq, error: UNJUDGED };
}

/** Returns a state as the database will have it once it is recorded. */
export function recordedAs({ status, since }: LiveState): Pick<Check, "recorded_status" | "recorded_since"> {
  return { recorded_status: status, recorded_since: since };
}

/** The last round of a service that is still stored, from which a live board starts that has lost its memory. */
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
