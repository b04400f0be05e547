import { describe, expect, test } from "vitest";
import { chooseBuckets } from "../../../src/store/history/buckets.ts";
import { DAY_MS } from "../../../src/store/history/days.ts";
import { HOUR, NOW } from "../fixtures.ts";

const MINUTE = 60_000;

describe("buckets", () => {
  test.each([
    ["an hour", HOUR, 288, 15_000, 240],
    ["a day", DAY_MS, 288, 5 * MINUTE, 288],
    ["a day in few points", DAY_MS, 10, 3 * HOUR, 9],
    ["30 days", 30 * DAY_MS, 288, 3 * HOUR, 241],
    ["two years", 730 * DAY_MS, 288, 7 * DAY_MS, 106],
    ["no time at all", 0, 288, 10_000, 1],
  ])("of %s have a round length", (_name, span, points, step, count) => {
    expect(chooseBuckets(NOW - span, NOW, points, 0)).toMatchObject({ step, count });
  });

  test("cover the range with no more than the points asked for, whatever they are", () => {
    for (const points of [1, 2, 3, 7, 100, 1_000]) {
      for (const span of [1, 9_999, 61 * MINUTE, 25 * HOUR, 31 * DAY_MS, 900 * DAY_MS, NOW]) {
        for (const shortest of [0, HOUR]) {
          const { start, step, count } = chooseBuckets(NOW - span + 7, NOW + 7, points, shortest);
          expect(count).toBeLessThanOrEqual(points);
          expect(step).toBeGreaterThanOrEqual(shortest);
          expect(start).toBeLessThanOrEqual(NOW - span + 7);
          expect(start + count * step).toBeGreaterThanOrEqual(NOW + 7);
          expect(start % Math.min(step, DAY_MS)).toBe(0);
        }
      }
    }
  });
});
