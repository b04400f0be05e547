/** The smallest of the values that at least this part of them does not exceed (nearest rank); NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

/** `p50 1.2, p95 3.4, p99 5.6` in the values' own unit. */
export function spread(values: readonly number[]): string {
  return [50, 95, 99].map((percent) => `p${percent} ${quantile(values, percent / 100).toFixed(1)}`).join(", ");
}
