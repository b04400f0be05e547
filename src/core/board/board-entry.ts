/** One service on the live board. */
import type { Check } from "../service/check.ts";
import type { LiveState } from "../service/records.ts";
import { UNJUDGED } from "../values/unreadable.ts";

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
