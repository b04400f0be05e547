/** Lanes: up to 24 checks of one interval that are due together. `lane = interval · 100 000 + number`. */

export const LANE_SIZE = 24;
/** More lanes than an interval ever has, so that interval and number are told apart. */
const LANES_PER_INTERVAL = 100_000;

/** The first lane of the interval with room. `counts`: members by lane; lanes of other intervals don't matter. */
export function chooseLane(interval: number, counts: ReadonlyMap<number, number>): number {
  let lane = firstLane(interval);
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

/** Where heartbeats and checks on demand of one service are recorded. */
export function privateLane(serviceId: number): number {
  return -serviceId;
}
