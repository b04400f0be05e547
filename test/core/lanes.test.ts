import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseLane, firstLane, LANE_SIZE, laneInterval, laneNumber, privateLane } from "../../src/core/lanes.ts";

describe("a lane", () => {
  test("is told from those of other intervals, and knows its interval and number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 86_400 }), fc.integer({ min: 0, max: 99_999 }), (interval, number) => {
        const lane = firstLane(interval) + number;
        expect([laneInterval(lane), laneNumber(lane)]).toEqual([interval, number]);
      }),
    );
  });

  test("takes 24 newcomers before the next one is opened", () => {
    const counts = new Map<number, number>();
    for (let i = 0; i < 100; i++) {
      const lane = chooseLane(30, counts);
      expect(lane).toBe(3_000_000 + Math.floor(i / LANE_SIZE));
      counts.set(lane, (counts.get(lane) ?? 0) + 1);
    }
  });

  test("with room again is filled before a later one", () => {
    const counts = new Map([
      [3_000_000, 24],
      [3_000_001, 23],
      [3_000_002, 1],
      [6_000_000, 24],
    ]);
    expect(chooseLane(30, counts)).toBe(3_000_001);
    expect(chooseLane(60, counts)).toBe(6_000_001);
    expect(chooseLane(61, counts)).toBe(6_100_000);
  });

  test("of a service's own is negative, as no shared one is", () => {
    expect(privateLane(7)).toBe(-7);
  });
});
