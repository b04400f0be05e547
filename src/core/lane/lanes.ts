/**
 * A lane is a group of up to 24 services with the same interval. The planner schedules lanes; a queue message, a
 * history row and a LaneMonitor each belong to one lane. `lane = interval · 100 000 + number`.
 */

export const LANE_SIZE = 24;
/** An interval never has this many lanes, so a lane's interval and number can be computed from it. */
const LANES_PER_INTERVAL = 100_000;
/** Lanes with this number or a higher one have services that report to the hub. Those lanes are never scheduled. */
const FIRST_REPORTED = 50_000;

/**
 * Returns the first lane of the interval that has room. `probed`: whether the hub probes the service on a schedule.
 * `counts`: members by lane; lanes of other intervals are ignored.
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

/** Returns the interval of the lane in seconds. */
export function laneInterval(lane: number): number {
  return Math.floor(lane / LANES_PER_INTERVAL);
}

/** Whether the planner makes rounds for the lane. */
export function isScheduled(lane: number): boolean {
  return lane >= 0 && laneNumber(lane) < FIRST_REPORTED;
}
