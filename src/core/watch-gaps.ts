/** Gaps: times in which nobody watched, because the hub was stopped, paused or away. Their statuses are not known. */

/** Unix ms, `to` exclusive. */
export interface Gap {
  from: number;
  to: number;
}

/** The cron comes each minute. When it is later than this, the hub was away. */
const LATE_MS = 150_000;
const MINUTE_MS = 60_000;
/** Shorter ones are no longer than the time between two checks. */
const SHORTEST_MS = 5_000;

interface Awakening {
  /** The time before this in which the hub was known to be awake. */
  last: number;
  now: number;
  /** When this process of a local hub began; undefined: the hub is deployed, and has no such time. */
  startedAt: number | undefined;
  /** Times of the newest checks. */
  checkedAt: Iterable<number>;
}

/** Returns the gap that ends now; null: there is none. Times in Unix ms. */
export function gapBefore({ last, now, startedAt, checkedAt }: Awakening): Gap | null {
  const wasStarted = startedAt !== undefined && startedAt > last;
  if (!wasStarted && now - last <= LATE_MS) return null;
  // Within a minute after it was last awake, the hub would have been awake again.
  const end = Math.min(last + MINUTE_MS, wasStarted ? startedAt : now);
  let from = last;
  for (const at of checkedAt) if (at > from && at < end) from = at;
  return now - from < SHORTEST_MS ? null : { from, to: now };
}

/** The status of a check is good for an interval (seconds). Returns the gaps in which it was not. */
export function unwatched(gaps: readonly Gap[], intervalS: number): Gap[] {
  return gaps.flatMap(({ from, to }) => {
    const began = from + intervalS * 1_000;
    return began < to ? { from: began, to } : [];
  });
}

/** Milliseconds of [from, to) that lie in a gap. */
export function overlap(gaps: readonly Gap[], from: number, to: number): number {
  return gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(to, gap.to) - Math.max(from, gap.from)), 0);
}
