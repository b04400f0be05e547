/**
 * A heartbeat that comes soon after others and says the same. Nobody but the lane need hear of it: it is counted against
 * silence, and neither stored, recorded nor shown. So a service that calls in each second costs little. A second beat is
 * no repetition yet: whoever sends it may not have heard that the first was taken in.
 */
import type { Check } from "../service/check.ts";
import type { Observation } from "../service/records.ts";
import { type MonitorState, mustSave } from "./monitor-state.ts";

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
  /** The beats before; undefined: the lane knows of none. */
  known: KnownBeats | undefined;
}

/** The beats of a service that the memory of its lane knows of. */
export interface KnownBeats {
  /** When the last beat came that was told, Unix ms. */
  toldAt: number;
  /** Whether that one came soon after another. */
  isOften: boolean;
  /** Whether others have repeated it. */
  isRepeated: boolean;
}

/** Returns what the lane knows after a beat at `at` (Unix ms) that is told. */
export function beatsAfter(check: Check, known: KnownBeats | undefined, at: number): KnownBeats {
  const passed = known === undefined ? Number.POSITIVE_INFINITY : at - known.toldAt;
  // One that others repeated came soon after the last of these.
  return { toldAt: at, isOften: known?.isRepeated === true || passed < repeatedWithin(check), isRepeated: false };
}

export function isRepeatedBeat(check: Check, { before, after, observation, known }: Beat): boolean {
  if (before === null || known === undefined || !known.isOften || observation.verdict !== "ok") return false;
  const passed = observation.at - known.toldAt;
  if (passed < 0 || passed >= repeatedWithin(check)) return false;
  if (after.flips.length > 0 || after.status !== "up" || after.version !== check.version) return false;
  // But for its time, which the method decides.
  return !mustSave(before, after, "http") && JSON.stringify(before.details) === JSON.stringify(after.details);
}
