/**
 * A heartbeat that comes soon after another one and says the same. Nobody but the lane need hear of it: it is counted
 * against silence, and neither stored, recorded nor shown. So a service that calls in each second costs little.
 */
import type { Check } from "./check.ts";
import { type MonitorState, mustSave } from "./monitor-state.ts";
import type { Observation } from "./records.ts";

/** A quarter of the interval, but at most this: by so much, silence may be noticed late after an eviction. */
const LONGEST_MS = 15_000;

/** For how long after a beat that was told another one is a repetition, ms. */
export function repeatedWithin({ health_method, health_interval }: Check): number {
  return health_method === "heartbeat" ? Math.min((health_interval * 1_000) / 4, LONGEST_MS) : 0;
}

export interface Beat {
  before: MonitorState | null;
  after: MonitorState;
  observation: Observation;
  /** When the last beat was that was told, Unix ms; undefined: not that is known. */
  toldAt: number | undefined;
}

export function isRepeatedBeat(check: Check, { before, after, observation, toldAt }: Beat): boolean {
  if (before === null || toldAt === undefined || observation.verdict !== "ok") return false;
  const passed = observation.at - toldAt;
  if (passed < 0 || passed >= repeatedWithin(check)) return false;
  if (after.flips.length > 0 || after.status !== "up" || after.version !== check.version) return false;
  // But for its time, which the method decides.
  return !mustSave(before, after, "http") && JSON.stringify(before.details) === JSON.stringify(after.details);
}
