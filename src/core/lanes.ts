/**
 * Lanes: up to 24 services of one interval. A lane is what is scheduled, what a queue message carries, what a history
 * row holds, and what one LaneMonitor keeps. `lane = interval · 100 000 + number`.
 */

export const LANE_SIZE = 24;
/** More lanes than an interval ever has, so that interval and number are told apart. */
const LANES_PER_INTERVAL = 100_000;
/** Lanes with this number or a higher one hold services that report to the hub; those lanes are never scheduled. */
const FIRST_REPORTED = 50_000;

/**
 * The first lane of the interval with room. `probed`: whether the hub probes the service on a schedule.
 * `counts`: members by lane; lanes of other intervals don't matter.
 */
export function chooseLane(interval: number, probed: boolean, counts: ReadonlyMap<number, number>): number {
  let lane = firstLane(interval) + (probed ? 0 : FIRST_REPORTED);
  while ((counts.get(lane) ?? 0) >= LANE_SIZE) lane++;
  return lane;
}

export function firstLane(interval: number): number {
  return interval * LANES_PER_INTERVAL;
}

export function laneNumber(lane: number): number {
  return lane % LANES_PER_INTERVAL;
}

/** Seconds. */
export function laneInterval(lane: number): number {
  return Math.floor(lane / LANES_PER_INTERVAL);
}

/** Whether the planner makes rounds for the lane. */
export function isScheduled(lane: number): boolean {
  return laneNumber(lane) < FIRST_REPORTED;
}
