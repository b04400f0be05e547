import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { joinedPoints } from "../../src/dashboard/api/joined-points.ts";
import { dayBars, midnights } from "../../src/dashboard/model/day-bars.ts";
import { daysWithOutage, dayWithOutage } from "../../src/dashboard/model/day-outages.ts";

beforeEach(() => void vi.stubEnv("TZ", "Europe/Berlin"));
afterEach(() => void vi.unstubAllEnvs());

const HOUR_MS = 3_600_000;
const at = (text: string) => new Date(text).getTime();
const point = (text: string, uptime: number | null) => ({ at: new Date(text).toISOString(), uptime });

describe("the outages of days", () => {
  /** Made within a test, where the zone is set. */
  function days() {
    const now = at("2026-11-26T12:00");
    const points = [
      point("2026-11-23T00:00", null),
      point("2026-11-24T00:00", 1),
      point("2026-11-24T03:00", 5 / 6),
      point("2026-11-24T04:00", 1),
      point("2026-11-26T00:00", 0.75),
    ];
    return { now, bars: dayBars(points, midnights(0, now, 4), now) };
  }

  it("are told by their length, of today as far as it went", () => {
    const { now, bars } = days();
    expect(bars.map((bar) => dayWithOutage(bar, now))).toEqual([
      "Mon 23 Nov: nothing is known",
      "Tue 24 Nov: 99.30 % up, 10 min down",
      "Wed 25 Nov: 100 % up",
      "Thu 26 Nov, so far: 75.00 % up, 3 h down",
    ]);
  });

  it("are listed newest first, without the days that were whole or are not known", () => {
    expect(daysWithOutage(days().bars).map(({ from }) => from)).toEqual([
      at("2026-11-26T00:00"),
      at("2026-11-24T00:00"),
    ]);
  });

  it("have no length where only a ratio is known", () => {
    const bar = { from: at("2026-11-24T00:00"), to: at("2026-11-25T00:00"), uptime: 0.5 };
    expect(dayWithOutage(bar, at("2026-11-26T12:00"))).toBe("Tue 24 Nov: 50.00 % up");
  });
});

describe("the history of consecutive parts of the past", () => {
  it("counts no time twice where the hub rounded both to whole days", () => {
    const start = at("2026-11-25T00:00"); // 23:00 of the day before in UTC
    const whole = (day: number, uptime: number) => ({ at: new Date(Date.UTC(2026, 10, day)).toISOString(), uptime });
    const older = { start: start - 48 * HOUR_MS, points: [whole(22, 1), whole(23, 1), whole(24, 0.5)] };
    const newer = { start, points: [whole(24, 0.5), whole(25, 1)] };
    expect(joinedPoints([older, newer])).toEqual([whole(22, 1), whole(23, 1), whole(24, 0.5), whole(25, 1)]);
  });

  it("keeps all of parts that only touch", () => {
    const older = { start: at("2026-11-24T00:00"), points: [point("2026-11-24T00:00", 1)] };
    const newer = { start: at("2026-11-25T00:00"), points: [point("2026-11-25T00:00", 0.5)] };
    expect(joinedPoints([older, newer])).toEqual([...older.points, ...newer.points]);
  });
});
