import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  dayBars,
  dayColumns,
  dayInWords,
  dayStatus,
  daysInFull,
  midnights,
  utcDays,
} from "../../src/dashboard/model/day-bars.ts";

beforeEach(() => void vi.stubEnv("TZ", "Europe/Berlin"));
afterEach(() => void vi.unstubAllEnvs());

const HOUR_MS = 3_600_000;
const at = (text: string) => new Date(text).getTime();

describe("the days of a service", () => {
  it("are those of the reader's calendar, of 23 and 25 hours when the clock is changed", () => {
    const edges = midnights(0, at("2026-10-27T10:00"), 4);
    const hours = edges.slice(1).map((edge, index) => (edge - (edges[index] ?? 0)) / HOUR_MS);
    expect(hours).toEqual([24, 25, 24, 24]);
    expect(edges[0]).toBe(at("2026-10-24T00:00"));
  });

  it("begin at their own midnights, also where one does not exist", () => {
    vi.stubEnv("TZ", "America/Santiago"); // on 6 September, 00:00 is followed by 01:00
    const hours = midnights(0, at("2026-09-06T12:00"), 3).map((edge) => new Date(edge).getHours());
    expect(hours).toEqual([0, 0, 1, 0]);
  });

  it("begin where the service began", () => {
    expect(midnights(at("2026-11-26T15:00"), at("2026-11-28T10:00"))).toHaveLength(4); // three days, and their end
  });

  it("have the uptime of their own hours only, by their length", () => {
    const edges = midnights(0, at("2026-11-28T12:00"), 2);
    const points = [
      { at: new Date("2026-11-26T23:00").toISOString(), uptime: 0 },
      { at: new Date("2026-11-27T00:00").toISOString(), uptime: 1 },
      { at: new Date("2026-11-27T18:00").toISOString(), uptime: 0.5 },
      { at: new Date("2026-11-28T00:00").toISOString(), uptime: null },
    ];
    const bars = dayBars(points, edges, at("2026-11-28T12:00"));
    expect(bars.map(({ uptime }) => uptime)).toEqual([0.875, null]);
    expect(bars.map(dayStatus)).toEqual(["down", null]);
    expect(bars.map((bar) => dayInWords(bar, at("2026-11-28T12:00")))).toEqual([
      "Fri 27 Nov: 87.50 % up, 3 h down",
      "Sat 28 Nov, so far: nothing is known",
    ]);
    expect(daysInFull(bars, at("2026-11-28T12:00"))).toBe(
      "1 of 2 days are known; 0 without an outage. Fri 27 Nov: 87.50 % up, 3 h down",
    );
  });

  it("are whole only without any outage", () => {
    const day = (uptime: number) => dayStatus({ from: 0, to: 1, uptime });
    expect([day(1), day(0.9999), day(0.95), day(0.9)]).toEqual(["up", "degraded", "degraded", "down"]);
  });
});

describe("the days of a row of the list", () => {
  const first = Date.parse("2026-11-26T00:00Z");
  const bars = utcDays({ first, uptime: [null, 1, 0.97, 0.5] });

  it("are those of UTC, wherever the reader is", () => {
    vi.stubEnv("TZ", "America/Los_Angeles");
    const now = Date.parse("2026-11-29T00:30Z");
    expect(bars.map((bar) => dayInWords(bar, now, "UTC"))).toEqual([
      "Thu 26 Nov: nothing is known",
      "Fri 27 Nov: 100 % up",
      "Sat 28 Nov: 97.00 % up",
      "Sun 29 Nov, so far: 50.00 % up",
    ]);
  });

  it("are of one height, and coloured by their uptime", () => {
    expect(dayColumns(bars, 22)).toEqual(["unknown", "up", "degraded", "down"].map((kind) => ({ kind, tall: 22 })));
  });
});
