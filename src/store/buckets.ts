/** Buckets of equal length for a chart. */
import { HOUR_MS } from "./hours.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
export const DAY_MS = 24 * HOUR_MS;

/** Lengths that a person can read off an axis. */
const STEPS_MS = [
  ...[10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 7, 14, 30].map((n) => n * DAY_MS),
];

export interface Buckets {
  /** Unix ms; the first bucket's start, at or before `from`. */
  start: number;
  /** Milliseconds. */
  step: number;
  count: number;
}

/** The shortest round step of at least `shortest` that covers [from, to) (Unix ms) with at most `points` buckets. */
export function chooseBuckets(from: number, to: number, points: number, shortest: number): Buckets {
  for (const step of STEPS_MS) {
    const start = Math.floor(from / step) * step;
    const count = Math.max(1, Math.ceil((to - start) / step));
    if (step >= shortest && count <= points) return { start, step, count };
  }
  const start = Math.floor(from / DAY_MS) * DAY_MS;
  const step = Math.ceil((to - start) / points / DAY_MS) * DAY_MS;
  return { start, step, count: Math.ceil((to - start) / step) };
}
