/** The circuit breaker for long outages, and staleness. Both are computed from times alone, so nothing is stored. */

import type { Breaker, Status } from "../service/records.ts";
import { AGENT_GRACE_MS, BREAKER_MAX_GAP_S, BREAKER_OPENS_AFTER_MS, STALE_GRACE_MS } from "../time/durations.ts";

/** The breaker opens after ten intervals of an outage, but not before five minutes. */
const OPENS_AFTER_INTERVALS = 10;
/** With an open breaker only every 4th due time is checked. */
const OPEN_STRIDE = 4;

const STALE_INTERVALS = 3;

/** The fields that decide the time of a scheduled check. */
export interface Scheduled {
  /** Seconds. */
  health_interval: number;
  agent: string | null;
}

/** `since`: start of the status. `since` and `now` in Unix ms. */
export function breakerOf(status: Status, since: number, intervalS: number, now: number): Breaker {
  const opensAfter = Math.max(BREAKER_OPENS_AFTER_MS, OPENS_AFTER_INTERVALS * intervalS * 1_000);
  return status === "down" && now - since >= opensAfter ? "open" : "closed";
}

/** Only every n-th due time is checked; returns n. It is 1 while the breaker is closed. */
export function breakerStride(breaker: Breaker, intervalS: number): number {
  if (breaker === "closed") return 1;
  return Math.max(1, Math.min(OPEN_STRIDE, Math.floor(BREAKER_MAX_GAP_S / intervalS)));
}

/** The status on which the breaker depends. `since`: start of the status, Unix ms. */
export interface Standing {
  status: Status;
  since: number;
}

/**
 * Returns the longest time, in milliseconds, from a check at `lastAt` (Unix ms) until the next scheduled one. The planner
 * judges the breaker at the time of the next check, by when it may have opened: a lost tick of the cron puts that off, too.
 */
export function longestGap(scheduled: Scheduled, { status, since }: Standing, lastAt: number): number {
  const { health_interval: interval } = scheduled;
  const latest = lastAt + OPEN_STRIDE * interval * 1_000 + graceOf(scheduled);
  return breakerStride(breakerOf(status, since, interval, latest), interval) * interval * 1_000;
}

/** Returns the time after which a silent service is stale, Unix ms. `lastAt`: Unix ms. */
export function staleAt(lastAt: number, scheduled: Scheduled, standing: Standing): number {
  return lastAt + STALE_INTERVALS * longestGap(scheduled, standing, lastAt) + graceOf(scheduled);
}

function graceOf({ agent }: Scheduled): number {
  return agent === null ? STALE_GRACE_MS : AGENT_GRACE_MS;
}

/**
 * Times in Unix ms. `lastAt`: last check; null: the service was never checked, so the time counts from `counted`.
 */
export function isStale(
  lastAt: number | null,
  counted: number,
  scheduled: Scheduled,
  standing: Standing,
  now: number,
): boolean {
  return now > staleAt(lastAt ?? counted, scheduled, standing);
}
