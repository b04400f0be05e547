/** What the live board holds of one service. */
import type { Check } from "./check.ts";
import type { LiveState } from "./records.ts";

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

/** What the database will say of a state once it is recorded. */
export function recordedAs({ status, since }: LiveState): Pick<Check, "recorded_status" | "recorded_since"> {
  return { recorded_status: status, recorded_since: since };
}
