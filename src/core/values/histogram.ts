/**
 * Latency histograms that can be merged. The buckets have equal width on a logarithmic scale, so every percentile is
 * within 5 % of the exact one, however many histograms are merged (the idea of DDSketch, Masson et al., VLDB 2019).
 */

/**
 * Ratio of a bucket's upper to its lower bound. The middle of a bucket is at most (G − 1) / (G + 1) = 4.3 % wrong, and
 * rounding adds 0.5 %.
 */
const GROWTH = 1.09;
const LOG_GROWTH = Math.log(GROWTH);
/** Shorter latencies count as this one, ms. */
const SMALLEST_MS = 0.01;

/** Number of values by bucket. Bucket i has the values in (G^(i−1), G^i]. */
export type Histogram = Map<number, number>;

/** Adds a latency to `histogram`. */
export function recordLatency(histogram: Histogram, ms: number): void {
  const bucket = Math.ceil(Math.log(Math.max(ms, SMALLEST_MS)) / LOG_GROWTH);
  histogram.set(bucket, (histogram.get(bucket) ?? 0) + 1);
}

/** Adds `other` to `histogram`. */
export function mergeHistogram(histogram: Histogram, other: Histogram): void {
  for (const [bucket, count] of other) histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);
}

/**
 * Returns one percentile for each ratio (0.5 is the median): nearest rank, ms, three digits; null: the histogram is
 * empty.
 */
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

/** Returns JSON: `[bucket, count, distance to the next bucket, count, …]`. */
export function encodeHistogram(histogram: Histogram): string {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const flat = buckets.flatMap(([bucket, count], i) => [bucket - (buckets[i - 1]?.[0] ?? 0), count]);
  return JSON.stringify(flat);
}

/** Reads the JSON that encodeHistogram makes. */
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
