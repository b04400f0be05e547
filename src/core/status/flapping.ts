import { FLAPPING_WINDOW_MS } from "../time/durations.ts";

const FLIPS_TO_FLAP = 6;

export interface FlapState {
  /** Times of the flips of the last ten minutes, Unix ms, oldest first. */
  times: number[];
  flapping: boolean;
}

export const NOT_FLAPPING: FlapState = { times: [], flapping: false };

export function flapAfterFlip(state: FlapState, at: number): FlapState {
  const times = [...state.times.filter((time) => at - time < FLAPPING_WINDOW_MS), at];
  return { times, flapping: state.flapping || times.length >= FLIPS_TO_FLAP };
}

/** Ends flapping after ten minutes without a flip. Returns the same object when nothing changes. */
export function flapSettled(state: FlapState, now: number): FlapState {
  const last = state.times.at(-1);
  if (last === undefined || now - last < FLAPPING_WINDOW_MS) return state;
  return NOT_FLAPPING;
}
