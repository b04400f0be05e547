/** A look during which the observer itself stood still: what it measured is partly its own time. */
import type { Observation } from "../service/records.ts";

/** More than this part of the measured time makes it worthless. */
const TOLERATED = 0.25;
/** When the observer ran for less than this part of the time, a timeout says nothing of the target. */
const AWAKE = 0.5;

export interface Stood {
  /** Milliseconds of the look during which the observer stood still. */
  late_ms: number;
  /** Milliseconds that the whole look took. */
  took_ms: number;
  timedOut: boolean;
}

type Found = Pick<Observation, "verdict" | "latency_ms" | "error" | "details">;

/** Returns what the look says all the same. */
export function withoutLateness<T extends Found>(found: T, { late_ms, took_ms, timedOut }: Stood): T {
  if (late_ms <= 0) return found;
  const details = { ...found.details, late_ms };
  if (timedOut && late_ms > took_ms * (1 - AWAKE)) {
    const seconds = (late_ms / 1_000).toFixed(1);
    const error = `the check was late by ${seconds} s itself: ${found.error ?? "timeout"}`;
    return { ...found, verdict: "inconclusive", latency_ms: null, error, details };
  }
  if (found.latency_ms === null || late_ms <= found.latency_ms * TOLERATED) return found;
  return { ...found, latency_ms: null, details };
}

/**
 * Returns when a look from `from` to `to` (Unix ms) saw the target. Usually that is when it began. But it is not known when
 * a target answered through a standstill, and at the beginning it may still have been away: only by the end is it well.
 */
export function seenAt(
  { verdict, details }: Omit<Found, "latency_ms">,
  { from, to }: { from: number; to: number },
): number {
  const isPass = verdict === "ok" || verdict === "warn";
  return isPass && details.late_ms !== undefined ? to : from;
}
