import { describe, expect, test } from "vitest";
import { failureCount, hasValues, seriesOf } from "../../src/dashboard/model/chart-series.ts";
import { sparkPath } from "../../src/dashboard/model/spark-line.ts";
import { statusPeriods, timeByStatus } from "../../src/dashboard/model/status-periods.ts";
import { iso, NOW } from "./rows.ts";

const window = { from: NOW - 100, to: NOW };
const flip = (from: "up" | "down", to: "up" | "down", at: number, began_at = at) => {
  return { from, to, at: iso(NOW - at), began_at: iso(NOW - began_at) };
};

describe("an uptime bar", () => {
  test("without any change shows one status all along", () => {
    expect(statusPeriods([], { status: "up", since: NOW - 5_000 }, window, [])).toEqual([{ status: "up", ...window }]);
  });

  test("knows nothing of the time before the service", () => {
    expect(statusPeriods([], { status: "up", since: NOW - 40 }, window, [])).toEqual([
      { status: "unknown", from: NOW - 100, to: NOW - 40 },
      { status: "up", from: NOW - 40, to: NOW },
    ]);
  });

  test("counts an outage from its first failing check, in whatever order the flips come", () => {
    const flips = [flip("down", "up", 20), flip("up", "down", 50, 60)];
    expect(statusPeriods(flips, { status: "up", since: NOW - 20 }, window, [])).toEqual([
      { status: "up", from: NOW - 100, to: NOW - 60 },
      { status: "down", from: NOW - 60, to: NOW - 20 },
      { status: "up", from: NOW - 20, to: NOW },
    ]);
  });

  test("of an outage that began before the window starts with it", () => {
    const [first] = statusPeriods([flip("up", "down", 90, 500)], { status: "down", since: NOW - 90 }, window, []);
    expect(first).toEqual({ status: "down", ...window });
  });

  test("knows nothing of the time in which nobody watched", () => {
    const gap = { from: iso(NOW - 70), to: iso(NOW - 30) };
    const flips = [flip("up", "down", 60), flip("down", "up", 20)];
    expect(statusPeriods(flips, { status: "up", since: NOW - 20 }, window, [gap])).toEqual([
      { status: "up", from: NOW - 100, to: NOW - 70 },
      { status: "unknown", from: NOW - 70, to: NOW - 30 },
      { status: "down", from: NOW - 30, to: NOW - 20 },
      { status: "up", from: NOW - 20, to: NOW },
    ]);
  });

  test("adds up to the whole window", () => {
    const flips = [flip("up", "down", 80), flip("down", "up", 70), flip("up", "down", 30), flip("down", "up", 10)];
    const held = timeByStatus(statusPeriods(flips, { status: "up", since: NOW - 10 }, window, []));
    expect(Object.fromEntries(held)).toEqual({ up: 70, down: 30 });
  });
});

describe("a sparkline", () => {
  test("needs two values", () => {
    expect(sparkPath([], 10, 10)).toBeNull();
    expect(sparkPath([null, 3, null], 10, 10)).toBeNull();
  });

  test("goes from the lowest to the highest", () =>
    expect(sparkPath([1, 3, 2], 10, 10)).toBe("M0.0 10.0L5.0 0.0L10.0 5.0"));

  test("of equal values runs through the middle", () => expect(sparkPath([2, 2], 10, 10)).toBe("M0.0 5.0L10.0 5.0"));

  test("leaves a gap where nothing was measured", () => {
    expect(sparkPath([1, null, 2, 3], 9, 10)).toBe("M0.0 10.0M6.0 5.0L9.0 0.0");
  });
});

describe("a chart", () => {
  const point = { at: iso(NOW), checks: 10, failures: 1, uptime: 0.9, p50: 1, p95: 2, p99: 3, max: 4 };
  const empty = { at: iso(NOW), checks: 0, failures: 0, uptime: null, p50: null, p95: null, p99: null, max: null };

  test("has what was measured, and gaps", () => {
    const series = seriesOf([point, empty]);
    expect(series).toEqual({ at: [NOW, NOW], p50: [1, null], p95: [2, null], p99: [3, null], uptime: [90, null] });
    expect(hasValues(series.p50)).toBe(true);
    expect(hasValues(seriesOf([empty]).p50)).toBe(false);
  });

  test("counts its checks", () => expect(failureCount([point, empty, point])).toEqual({ checks: 20, failures: 2 }));
});
