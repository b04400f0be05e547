/** The circuit breaker of long outages, and staleness: both follow from times alone, so nothing stores them. */
import type { Breaker, Status } from "./records.ts";

/** An outage is long after ten intervals, and not before five minutes. */
const OPENS_AFTER_INTERVALS = 10;
const OPENS_AFTER_MIN_MS = 300_000;
/** An open breaker lets every 4th due time through… */
const OPEN_STRIDE = 4;
/** …but never less than one in five minutes. */
const OPEN_MAX_GAP_S = 300;

const STALE_INTERVALS = 3;
/** Silence forgiven beyond the three intervals: a lost cron tick and a slow queue fit in. */
const STALE_GRACE_MS = 75_000;

/** `since`, `now` in Unix ms. */
export function breakerOf(status: Status, since: number, intervalS: number, now: number): Breaker {
  const opensAfter = Math.max(OPENS_AFTER_MIN_MS, OPENS_AFTER_INTERVALS * intervalS * 1_000);
  return status === "down" && now - since >= opensAfter ? "open" : "closed";
}

/** How many due times make one check: 1 while the breaker is closed. */
export function breakerStride(breaker: Breaker, intervalS: number): number {
  if (breaker === "closed") return 1;
  return Math.max(1, Math.min(OPEN_STRIDE, Math.floor(OPEN_MAX_GAP_S / intervalS)));
}

/** Unix ms after which a silent service counts as stale. */
export function staleAt(lastAt: number, intervalS: number, breaker: Breaker): number {
  return lastAt + STALE_INTERVALS * breakerStride(breaker, intervalS) * intervalS * 1_000 + STALE_GRACE_MS;
}

/** `lastAt` null: never heard of; stale then counts from `since`, the start of its status. */
export function isStale(
  lastAt: number | null,
  since: number,
  intervalS: number,
  breaker: Breaker,
  now: number,
): boolean {
  return now > staleAt(lastAt ?? since, intervalS, breaker);
}
