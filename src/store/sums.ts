/** What a number of checks amount to; sums of parts add up to the sum of the whole. */
import { type Histogram, mergeHistogram, percentiles, recordLatency } from "../core/histogram.ts";
import { FAIL } from "./results.ts";

export interface Sums {
  checks: number;
  failures: number;
  /** Milliseconds, of the checks that passed; null when none did. */
  max: number | null;
  /** Latencies of the checks that passed. */
  histogram: Histogram;
}

export function newSums(): Sums {
  return { checks: 0, failures: 0, max: null, histogram: new Map() };
}

/** Into `sums`, which it changes. `verdict`: a code that says something of the service. */
export function addCheck(sums: Sums, verdict: number, latencyMs: number | null): void {
  sums.checks++;
  if (verdict === FAIL) {
    sums.failures++;
  } else if (latencyMs !== null) {
    sums.max = Math.max(sums.max ?? latencyMs, latencyMs);
    recordLatency(sums.histogram, latencyMs);
  }
}

/** Into `sums`, which it changes. */
export function addSums(sums: Sums, other: Sums): void {
  sums.checks += other.checks;
  sums.failures += other.failures;
  if (other.max !== null) sums.max = Math.max(sums.max ?? other.max, other.max);
  mergeHistogram(sums.histogram, other.histogram);
}

/** Milliseconds, within 5 %, of the checks that passed; null when none did. */
export interface Latencies {
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export function latenciesOf(sums: Sums): Latencies {
  const [p50 = null, p95 = null, p99 = null] = percentiles(sums.histogram, [0.5, 0.95, 0.99]);
  return { p50, p95, p99 };
}
