/** Gaps: times in which nobody watched, because the hub was stopped, paused or away. Their statuses are not known. */

import { PLANNED_AHEAD_MS } from "../lane/schedule.ts";
import { isProbedByHub } from "../methods/index.ts";
import type { ServiceRow } from "../service/service-row.ts";
import { AWAY_MS, CLOCK_LOOK_MS, SHORTEST_GAP_MS } from "../time/durations.ts";

/** Unix ms, `to` exclusive. */
export interface Gap {
  from: number;
  to: number;
}

export interface Downtime extends Gap {
  /** True: a tick of the cron was lost, so the hub probed nothing; heartbeats and agents were heard as ever. */
  only_probes: boolean;
}

interface Resumption {
  /** The time before this in which the hub was known to be awake. */
  last: number;
  now: number;
  /** When this process of a local hub began; undefined: the hub is deployed, and has no such time. */
  startedAt: number | undefined;
  /** Times of the newest checks. */
  checkedAt: Iterable<number>;
}

/** Returns the gap that ends now; null: there is none. Times in Unix ms. */
export function downtimeBefore({ last, now, startedAt, checkedAt }: Resumption): Downtime | null {
  const wasStarted = startedAt !== undefined && startedAt > last;
  if (!wasStarted && now - last <= PLANNED_AHEAD_MS) return null;
  // A later check was made because the hub is awake again.
  const end = Math.min(last + PLANNED_AHEAD_MS, wasStarted ? startedAt : now);
  let from = last;
  for (const at of checkedAt) if (at > from && at < end) from = at;
  if (now - from < SHORTEST_GAP_MS) return null;
  // The cron of a local hub is a part of it: it loses no tick unless the whole hub stands still.
  return { from, to: now, only_probes: startedAt === undefined && now - last <= AWAY_MS };
}

/** Unix ms. `newest`: the latest time at which it was awake. `behind`: since when the clock is before that; null: it is not. */
export interface TickMarks {
  newest: number;
  behind: number | null;
}

/** After so long by an earlier clock, the later time is the one that was wrong. */
const BEHIND_IS_RIGHT_MS = 86_400_000;

/**
 * A clock that was behind for a while tells of a time that the hub has lived through already: what came before counts
 * from the newest time, not from that. Returns the marks from now on, and since when the hub may have been away.
 */
export function tickedNow(before: TickMarks | null, last: number, now: number): { marks: TickMarks; last: number } {
  const newest = before?.newest ?? last;
  if (now >= newest)
    return { marks: { newest: now, behind: null }, last: last > now ? newest : Math.max(last, newest) };
  const behind = Math.min(before?.behind ?? now, now);
  const isRight = now - behind > BEHIND_IS_RIGHT_MS;
  return { marks: isRight ? { newest: now, behind: null } : { newest, behind }, last };
}

/** Returns the pause between two looks at the clock (Unix ms); null: they came one after the other. */
export function pauseBetween(last: number, now: number): Downtime | null {
  return now - last < CLOCK_LOOK_MS + SHORTEST_GAP_MS ? null : { from: last, to: now, only_probes: false };
}

/** Adds a gap. Those of the same kind that it overlaps become one with it. Oldest first. */
export function withDowntime(gaps: readonly Downtime[], gap: Downtime): Downtime[] {
  const whole = { ...gap };
  const apart = gaps.filter((each) => {
    if (each.only_probes !== gap.only_probes || each.to < gap.from || each.from > gap.to) return true;
    whole.from = Math.min(whole.from, each.from);
    whole.to = Math.max(whole.to, each.to);
    return false;
  });
  return [...apart, whole].toSorted((a, b) => a.from - b.from);
}

/** Returns the gaps that began before `now` (Unix ms) and end by then: a clock that was ahead made the longer ones. */
export function downtimesUntil(gaps: readonly Downtime[], now: number): Downtime[] {
  return gaps.flatMap((gap) => (gap.from >= now ? [] : [{ ...gap, to: Math.min(gap.to, now) }]));
}

type Watched = Pick<ServiceRow, "health_interval" | "health_method" | "agent">;

/** Returns the times in which the service was not watched: the status of a check is good for an interval. */
export function unwatched(gaps: readonly Downtime[], service: Watched): Gap[] {
  const isHeard = !isProbedByHub(service);
  return gaps.flatMap(({ from, to, only_probes }) => {
    const began = from + service.health_interval * 1_000;
    return began < to && !(only_probes && isHeard) ? { from: began, to } : [];
  });
}

/** Milliseconds of [from, to) that lie in a gap. */
export function overlap(gaps: readonly Gap[], from: number, to: number): number {
  return gaps.reduce((sum, gap) => sum + Math.max(0, Math.min(to, gap.to) - Math.max(from, gap.from)), 0);
}
