/**
 * Latency histograms that can be merged: buckets of equal width on a log scale, so that every percentile is within
 * 5 % of the exact one however many are merged (the idea of DDSketch, Masson et al., VLDB 2019).
 */

/** Width of a bucket; its middle is at most (G − 1) / (G + 1) = 4.3 % off, and rounding adds 0.5 %. */
const GROWTH = 1.09;
const LOG_GROWTH = Math.log(GROWTH);
/** What is below counts as this, ms. */
const SMALLEST_MS = 0.01;

/** Counts by bucket; bucket i holds the values in (G^(i−1), G^i]. */
export type Histogram = Map<number, number>;

/** Into `histogram`, which it changes. */
export function recordLatency(histogram: Histogram, ms: number): void {
  const bucket = Math.ceil(Math.log(Math.max(ms, SMALLEST_MS)) / LOG_GROWTH);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

/** Into `histogram`, which it changes. */
export function mergeHistogram(histogram: Histogram, other: Histogram): void {
  for (const [bucket, count] of other) histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

/** Nearest rank, ms, to three digits; one answer for each ratio (0.5 is the median), null when nothing was recorded. */
export function percentiles(histogram: Histogram, ratios: readonly number[]): (number | null)[] {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  return ratios.map((ratio) => {
    let missing = Math.max(1, Math.ceil(ratio * total));
    const bucket = buckets.find(([, count]) => {
      missing -= count;
      return missing <= 0;
    });
    return bucket === undefined ? null : middleOf(bucket[0]);
  });
}

function middleOf(bucket: number): number {
  return Number(((2 * GROWTH ** bucket) / (GROWTH + 1)).toPrecision(3));
}

/** JSON: `[bucket, count, distance to the next bucket, count, …]`. */
export function encodeHistogram(histogram: Histogram): string {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const flat = buckets.flatMap(([bucket, count], i) => [bucket - (buckets[i - 1]?.[0] ?? 0), count]);
  return JSON.stringify(flat);
}

/** What encodeHistogram made. */
export function decodeHistogram(json: string): Histogram {
  const flat: number[] = JSON.parse(json);
  const histogram: Histogram = new Map();
  let bucket = 0;
  for (let i = 0; i + 1 < flat.length; i += 2) {
    bucket += flat[i] ?? 0;
    histogram.set(bucket, flat[i + 1] ?? 0);
  }
  return histogram;
}
