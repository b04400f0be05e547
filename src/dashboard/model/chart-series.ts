/** Converts the history of a service to series for charts. */
import type { HealthMethod } from "../../core/methods/index.ts";
import type { History } from "../api/queries.ts";

export interface Series {
  /** Unix ms. */
  at: number[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
  /** Percent. */
  uptime: (number | null)[];
}

export function seriesOf(points: History["points"]): Series {
  return {
    at: points.map((point) => Date.parse(point.at)),
    p50: points.map((point) => point.p50),
    p95: points.map((point) => point.p95),
    p99: points.map((point) => point.p99),
    uptime: points.map((point) => (point.uptime === null ? null : point.uptime * 100)),
  };
}

export function hasValues(values: readonly (number | null)[]): boolean {
  return values.some((value) => value !== null);
}

/** A heartbeat calls in by itself, so the time that its call took says nothing. `method`: null until it is known. */
export function shownCharts(series: Series, method: HealthMethod | null): { latency: boolean; uptime: boolean } {
  return { latency: method !== "heartbeat" && hasValues(series.p50), uptime: hasValues(series.uptime) };
}

/** Returns the sums over all points. */
export function failureCount(points: History["points"]): { checks: number; failures: number } {
  return points.reduce(
    (sum, point) => ({ checks: sum.checks + point.checks, failures: sum.failures + point.failures }),
    { checks: 0, failures: 0 },
  );
}
