import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  chooseLane,
  firstLane,
  isScheduled,
  LANE_SIZE,
  laneInterval,
  laneNumber,
} from "../../../src/core/lane/lanes.ts";

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
      const lane = chooseLane(30, true, counts);
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
    expect(chooseLane(30, true, counts)).toBe(3_000_001);
    expect(chooseLane(60, true, counts)).toBe(6_000_001);
    expect(chooseLane(61, true, counts)).toBe(6_100_000);
  });

  test("of services that report themselves is another one, and is never scheduled", () => {
    const reported = chooseLane(30, false, new Map([[3_050_000, 24]]));
    expect(reported).toBe(3_050_001);
    expect([laneInterval(reported), isScheduled(reported), isScheduled(3_000_001)]).toEqual([30, false, true]);
  });
});
