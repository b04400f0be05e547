/** Whether a service answers slowly. As with failures, one look is not enough: the hub itself, or its way, may have been slow. */

import { DEFAULT_DEGRADED_ABOVE_MS } from "../methods/shared-options.ts";
import type { Check } from "../service/check.ts";
import { homeOf, type Observation } from "../service/records.ts";
import type { MonitorState } from "./monitor-state.ts";

/** Of one that was degraded already when the lane got it. */
const DEGRADED_BEFORE = "degraded when it was last known";

/** `unmeasured`: the time it took says nothing. */
type Speed = "quick" | "slow" | "unmeasured";

function speedOf({ latency_ms, details }: Observation, limitMs: number): Speed {
  if (limitMs === 0) return "quick";
  if (latency_ms === null) return details.late_ms === undefined ? "quick" : "unmeasured";
  return latency_ms <= limitMs ? "quick" : "slow";
}

/** Whether it took longer than the check allows. */
export function isSlow(check: Check, observation: Observation): boolean {
  return speedOf(observation, limitOf(check)) === "slow";
}

/** How many looks in a row must find the service slow: as with failures, without retries the first one decides. */
function looksForSlow({ health_retries }: Pick<Check, "health_retries">): number {
  return Math.min(health_retries, 1) + 1;
}

/** Judges the speed of a pass: why the service is degraded, null: it is not. `again`: another look decides. */
export type Slowness = { degraded: string | null } | "again";

/**
 * A distant vantage is slow by its distance: alone its slowness says nothing, and the service stays as home found it.
 * `slowLooks`: how many in a row have been slow, with this one.
 */
export function slownessOf(state: MonitorState, check: Check, observation: Observation, slowLooks: number): Slowness {
  if (observation.verdict === "warn") return { degraded: observation.error ?? "the service reports itself degraded" };
  const asBefore = { degraded: state.status === "degraded" ? (state.degraded ?? DEGRADED_BEFORE) : null };
  const limitMs = limitOf(check);
  const speed = speedOf(observation, limitMs);
  if (speed === "unmeasured" && wasSlow(state)) return asBefore;
  if (observation.vantage !== homeOf(check) && !isSecondLook(state)) return asBefore;
  if (speed !== "slow") return { degraded: null };
  if (state.status !== "degraded" && slowLooks < looksForSlow(check)) return "again";
  return { degraded: `slow: ${Math.round(observation.latency_ms ?? 0)} ms, more than ${limitMs} ms` };
}

/** Rather than that it said itself that it is degraded. */
function wasSlow({ slow, degraded }: MonitorState): boolean {
  return slow.length > 0 || degraded === null;
}

/** Whether the look belongs to those in a row that found the service slow. */
export function isSlowLook(state: MonitorState, check: Check, observation: Observation): boolean {
  if (observation.verdict !== "ok" || !isSlow(check, observation)) return false;
  return observation.vantage === homeOf(check) || isSecondLook(state);
}

/** A slow look was not enough, so another vantage may have been asked. */
function isSecondLook({ status, slow }: MonitorState): boolean {
  return status !== "degraded" && slow.length > 0;
}

function limitOf({ health_options }: Check): number {
  return health_options.degraded_above_ms ?? DEFAULT_DEGRADED_ABOVE_MS;
}
