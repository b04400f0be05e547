/** The rules of silence: until when a service may be silent, and its status then. */

import type { Check } from "../service/check.ts";
import type { Status } from "../service/records.ts";
import { DEFAULT_GRACE_S } from "../time/durations.ts";
import { longestGap, staleAt } from "./breaker.ts";
import { flip } from "./flip.ts";
import type { MonitorState } from "./monitor-state.ts";

/**
 * Handles silence: a silent heartbeat becomes down, any other service unknown. Returns the same object when the
 * deadline has not passed. `lastAt`: last check, Unix ms; null: never. `now`: Unix ms.
 */
export function expire(state: MonitorState, check: Check, lastAt: number | null, now: number): MonitorState {
  if (state.closed || state.status === "unknown" || lastAt === null) return state;
  if (check.rev < state.rev) return state; // its interval may have been another one
  const lastHeardAt = Math.max(lastAt, state.last_at ?? 0);
  const deadline = deadlineOf(check, state.status, state.since, lastHeardAt);
  if (deadline === null || now <= deadline) return state;
  const silence = Math.round((now - lastHeardAt) / 1_000);
  const heartbeat = check.health_method === "heartbeat";
  const reason = silenceReason(check, silence);
  const began_at = lastHeardAt + nextCheckAfter(check, state, lastHeardAt);
  const to = heartbeat ? "down" : "unknown";
  return flip(
    { ...state, error: reason, last_at: lastHeardAt, retry: null },
    {
      service_id: check.service_id,
      to,
      reason,
      at: now,
      began_at,
      evidence: [],
    },
  );
}

/** After how many milliseconds the next result was expected. */
function nextCheckAfter(check: Check, { status, since }: MonitorState, lastAt: number): number {
  return longestGap(check, { status, since }, lastAt);
}

function silenceReason({ health_method, agent }: Check, seconds: number): string {
  if (health_method === "heartbeat") return `heartbeat: silent for ${seconds} s`;
  if (agent !== null) return `agent offline: nothing heard from ${agent} for ${seconds} s`;
  return `stale: nothing heard for ${seconds} s`;
}

/** Returns the time at which silence changes the status, Unix ms; null: silence never changes it. */
export function deadlineOf(check: Check, status: Status, since: number, lastAt: number): number | null {
  if (status === "unknown") return null;
  if (check.health_method === "heartbeat") {
    if (status === "down") return null;
    return lastAt + (check.health_interval + (check.health_options.grace ?? DEFAULT_GRACE_S)) * 1_000;
  }
  return staleAt(lastAt, check, { status, since });
}
