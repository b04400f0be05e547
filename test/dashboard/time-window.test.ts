import { expect, test } from "vitest";
import {
  fieldTime,
  lengthOf,
  parseWindow,
  pointsOf,
  rangeBetween,
  timesOf,
  windowSearch,
} from "../../src/dashboard/api/time-window.ts";
import { NOW } from "./rows.ts";

test("the last span ends now, a range where it was picked", () => {
  expect(timesOf({ kind: "last", span: "1h" }, NOW)).toEqual({ from: NOW - 3_600_000, to: NOW });
  expect(timesOf({ kind: "range", from: 1, to: 2 }, NOW)).toEqual({ from: 1, to: 2 });
  expect(lengthOf({ kind: "range", from: 1_000, to: 61_000 })).toBe(60_000);
  expect(pointsOf({ kind: "last", span: "7d" })).toBe(84);
});

test("a range is picked from either side, never shorter than a minute, and never in the future", () => {
  expect(rangeBetween(NOW, NOW - 120_000, NOW)).toEqual({ kind: "range", from: NOW - 120_000, to: NOW });
  expect(rangeBetween(NOW - 120_000, NOW + 999_999, NOW)).toMatchObject({ to: NOW });
  expect(rangeBetween(NOW - 1_000, NOW, NOW)).toBeNull();
  expect(rangeBetween(Number.NaN, NOW, NOW)).toBeNull();
  expect(rangeBetween(0, NOW, NOW)).toMatchObject({ from: NOW - 730 * 86_400_000 });
});

test("a field has the time of the browser's zone", () => {
  expect(new Date(fieldTime(NOW)).getTime()).toBe(NOW);
});

test("an address says which part of the past is shown, and keeps what else it says", () => {
  for (const window of [
    { kind: "last", span: "7d" } as const,
    { kind: "range", from: NOW - 3_600_000, to: NOW - 60_000 } as const,
  ]) {
    const search = windowSearch("a=b&span=1h&from=3", window);
    expect(parseWindow(search, NOW)).toEqual(window);
    expect(new URLSearchParams(search).get("a")).toBe("b");
  }
  for (const wrong of ["", "span=2h", "from=1", "from=x&to=y", `from=${NOW}&to=${NOW}`, "span=toString"]) {
    expect(parseWindow(wrong, NOW), wrong).toBeNull();
  }
});
