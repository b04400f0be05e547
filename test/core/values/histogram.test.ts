import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeHistogram,
  encodeHistogram,
  type Histogram,
  mergeHistogram,
  percentiles,
  recordLatency,
} from "../../../src/core/values/histogram.ts";

const latencies = fc.array(fc.double({ min: 0.01, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 400 });
const ratios = fc.double({ min: 0, max: 1, noNaN: true });

function histogramOf(values: readonly number[]): Histogram {
  const histogram: Histogram = new Map();
  for (const value of values) recordLatency(histogram, value);
  return histogram;
}

function exact(values: readonly number[], ratio: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(ratio * sorted.length) - 1)] ?? Number.NaN;
}

describe("a histogram", () => {
  test("gives every percentile within 5 % of the exact one", () => {
    fc.assert(
      fc.property(latencies, ratios, (values, ratio) => {
        const [found] = percentiles(histogramOf(values), [ratio]);
        const wanted = exact(values, ratio);
        expect(Math.abs((found ?? Number.NaN) - wanted)).toBeLessThanOrEqual(0.05 * wanted);
      }),
    );
  });

  test("of two merged parts is that of the whole, in any order", () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const [ab, ba] = [histogramOf(a), histogramOf(b)];
        mergeHistogram(ab, histogramOf(b));
        mergeHistogram(ba, histogramOf(a));
        const whole = encodeHistogram(histogramOf([...a, ...b]));
        expect([encodeHistogram(ab), encodeHistogram(ba)]).toEqual([whole, whole]);
      }),
    );
  });

  test("comes back from its JSON as it was", () => {
    fc.assert(
      fc.property(latencies, (values) => {
        const json = encodeHistogram(histogramOf(values));
        expect(encodeHistogram(decodeHistogram(json))).toBe(json);
        expect(percentiles(decodeHistogram(json), [0.5, 1])).toEqual(percentiles(histogramOf(values), [0.5, 1]));
      }),
    );
  });

  test("that is empty has no percentiles", () => {
    expect(percentiles(new Map(), [0.5, 0.99])).toEqual([null, null]);
    expect(percentiles(decodeHistogram("[]"), [0.5])).toEqual([null]);
  });

  test("takes zero and less as the smallest latency", () => {
    const [median] = percentiles(histogramOf([0, -3]), [0.5]);
    expect(median).toBeGreaterThan(0);
    expect(median).toBeLessThan(0.011);
  });

  test("of an hour of steady checks takes less than 100 characters", () => {
    const hour = Array.from({ length: 120 }, (_, i) => 40 + 15 * Math.sin(i));
    expect(encodeHistogram(histogramOf(hour)).length).toBeLessThan(100);
  });
});
