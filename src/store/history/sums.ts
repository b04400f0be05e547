/** Counts and latencies of a number of checks. Sums of parts can be added to the sum of the whole. */
import { type Histogram, mergeHistogram, percentiles, recordLatency } from "../../core/values/histogram.ts";
import { FAIL } from "./results.ts";

export interface Sums {
  checks: number;
  failures: number;
  /** Shortest latency of the checks that passed, in milliseconds; null: none passed, or it is not known. */
  min: number | null;
  /** Longest latency of the checks that passed, in milliseconds; null: none passed. */
  max: number | null;
  /** Latencies of the checks that passed. */
  histogram: Histogram;
}

export function newSums(): Sums {
  return { checks: 0, failures: 0, min: null, max: null, histogram: new Map() };
}

/** Adds a check to `sums`. `verdict`: a code, at most LAST_CONCLUSIVE_CODE. */
export function addCheck(sums: Sums, verdict: number, latencyMs: number | null): void {
  sums.checks++;
  if (verdict === FAIL) {
    sums.failures++;
  } else if (latencyMs !== null) {
    sums.min = Math.min(sums.min ?? latencyMs, latencyMs);
    sums.max = Math.max(sums.max ?? latencyMs, latencyMs);
    recordLatency(sums.histogram, latencyMs);
  }
}

/** Adds `other` to `sums`. */
export function addSums(sums: Sums, other: Sums): void {
  sums.min = minOfBoth(sums, other);
  sums.checks += other.checks;
  sums.failures += other.failures;
  if (other.max !== null) sums.max = Math.max(sums.max ?? other.max, other.max);
  mergeHistogram(sums.histogram, other.histogram);
}

/** Null when one of the two has latencies of which the shortest is not known. */
function minOfBoth(a: Sums, b: Sums): number | null {
  if (a.histogram.size === 0) return b.min;
  if (b.histogram.size === 0) return a.min;
  return a.min === null || b.min === null ? null : Math.min(a.min, b.min);
}

/** Percentiles of the latencies of passed checks: milliseconds, within 5 %; null: none passed. */
export interface Latencies {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

/** A percentile is the middle of a histogram's bucket, which may lie beyond all latencies in it. */
export function latenciesOf({ histogram, min, max }: Sums): Latencies {
  const within = (ms: number | null) =>
    ms === null ? null : Math.min(Math.max(ms, min ?? 0), max ?? Number.POSITIVE_INFINITY);
  const [p50 = null, p95 = null, p99 = null] = percentiles(histogram, [0.5, 0.95, 0.99]).map(within);
  return { p50, p95, p99 };
}
