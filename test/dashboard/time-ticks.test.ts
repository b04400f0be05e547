import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { tickText, timeTicks } from "../../src/dashboard/model/time-ticks.ts";

beforeEach(() => void vi.stubEnv("TZ", "Europe/Berlin"));
afterEach(() => void vi.unstubAllEnvs());

const at = (text: string) => new Date(text).getTime();
const ticks = (from: string, to: string, most = 7) => timeTicks(at(from), at(to), most).map(tickText);

describe("the ticks of an axis of time", () => {
  it("fall on round times of the reader's clock", () => {
    expect(ticks("2026-11-28T15:41:10", "2026-11-28T16:41:10")).toEqual([
      ...["15:50", "16:00", "16:10", "16:20", "16:30", "16:40"],
    ]);
    expect(ticks("2026-11-27T16:41", "2026-11-28T16:41")).toEqual(["18:00", "28 Nov", "06:00", "12:00"]);
    expect(ticks("2026-11-28T16:00", "2026-11-28T16:05")).toEqual([
      ...["16:00", "16:01", "16:02", "16:03", "16:04", "16:05"],
    ]);
  });

  it("are days and weeks over longer times, which begin at midnight", () => {
    expect(ticks("2026-11-21T16:41", "2026-11-28T16:41")).toEqual([
      ...["22 Nov", "23 Nov", "24 Nov", "25 Nov", "26 Nov", "27 Nov", "28 Nov"],
    ]);
    expect(ticks("2026-10-29T16:41", "2026-11-28T16:41")).toEqual(["2 Nov", "9 Nov", "16 Nov", "23 Nov"]);
  });

  it("stay on the clock when it is changed", () => {
    expect(ticks("2026-10-24T18:00", "2026-10-25T18:00")).toEqual(["18:00", "25 Oct", "06:00", "12:00", "18:00"]);
    expect(ticks("2026-03-28T18:00", "2026-03-29T18:00")).toEqual(["18:00", "29 Mar", "06:00", "12:00", "18:00"]);
    expect(new Set(timeTicks(at("2026-03-29T00:00"), at("2026-03-29T05:00"), 7)).size).toBe(5); // 02:00 is not there
  });

  it("are never more than asked for", () => {
    for (const hours of [0.02, 0.5, 3, 10, 24, 100, 1_000, 20_000]) {
      const to = at("2026-11-28T16:41");
      expect(timeTicks(to - hours * 3_600_000, to, 7).length).toBeLessThanOrEqual(7);
    }
  });
});
