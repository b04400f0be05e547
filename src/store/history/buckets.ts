/** Divides the time range of a chart into buckets of equal length. The range cuts the first and the last of them. */
import { DAY_MS } from "./days.ts";
import { HOUR_MS } from "./hours.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** Bucket lengths that give readable times on a chart's axis. */
const STEPS_MS = [
  ...[10, 15, 30].map((n) => n * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12].map((n) => n * HOUR_MS),
  ...[1, 2, 7, 14, 30].map((n) => n * DAY_MS),
];

export interface Buckets {
  /** Start of the first bucket, Unix ms; at or before `from`. */
  start: number;
  /** Milliseconds. */
  step: number;
  count: number;
}

/**
 * Returns buckets that cover [from, to) (Unix ms): at most `points`, each at least `shortest` ms long. The length is
 * the shortest of STEPS_MS that fits, or whole days when none fits.
 */
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

/** Returns the times at which the buckets of [from, to) begin, and then `to`. */
export function edgesOf({ start, step, count }: Buckets, from: number, to: number): number[] {
  return [...Array.from({ length: count }, (_, i) => Math.max(start + i * step, from)), to];
}
