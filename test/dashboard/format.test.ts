import { describe, expect, test, vi } from "vitest";
import {
  ago,
  axisTime,
  count,
  dateTime,
  duration,
  exactTime,
  latency,
  percent,
  shortDuration,
} from "../../src/dashboard/model/format.ts";
import { NOW } from "./rows.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test.each([
  [-5, "0 s"],
  [59_999, "59 s"],
  [MINUTE, "1 min"],
  [MINUTE + 5_000, "1 min 5 s"],
  [12 * MINUTE + 5_000, "12 min"],
  [2 * HOUR + 5 * MINUTE, "2 h 5 min"],
  [23 * HOUR + 59 * MINUTE, "23 h"],
  [3 * DAY + 4 * HOUR, "3 d 4 h"],
  [400 * DAY, "400 d"],
])("%d ms last %s", (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [500, "0 s"],
  [90_000, "1 min"],
  [25 * HOUR, "1 d"],
  [2 * HOUR, "2 h"],
])("%d ms are about %s", (ms, text) => expect(shortDuration(ms)).toBe(text));

test("what happened now, or a moment ahead by another clock, is just now", () => {
  expect(ago(NOW, NOW)).toBe("just now");
  expect(ago(NOW + 3_000, NOW)).toBe("just now");
  expect(ago(NOW - 5_000, NOW)).toBe("5 s ago");
});

test.each([
  [null, "–"],
  [0, "0 ms"],
  [0.25, "0.25 ms"],
  [5, "5 ms"],
  [5.25, "5.3 ms"],
  [123.6, "124 ms"],
  [12_340, "12.3 s"],
])("a response time of %s reads %s", (ms, text) => expect(latency(ms)).toBe(text));

describe("an uptime", () => {
  test.each([
    [null, "–"],
    [1, "100 %"],
    [0.999_99, "99.999 %"],
    [0.999_999_9, "99.999 %"],
    [0.995, "99.50 %"],
    [0, "0.00 %"],
  ])("of %s reads %s", (ratio, text) => expect(percent(ratio)).toBe(text));
});

test("one is not many", () => {
  expect(count(1, "service")).toBe("1 service");
  expect(count(0, "service")).toBe("0 services");
  expect(count(12_345, "entry", "entries")).toBe("12,345 entries");
});

test("an axis shows the time within a day and the date beyond", () => {
  expect(axisTime(NOW, DAY)).toMatch(/^\d\d:\d\d$/);
  expect(axisTime(NOW, 7 * DAY)).toMatch(/^\d+ Nov$/);
});

describe("an exact time", () => {
  test.each([
    ["UTC", "UTC"],
    ["Europe/Berlin", "CET"],
  ])("in %s is the local one with its zone", (zone, name) => {
    vi.stubEnv("TZ", zone);
    expect(exactTime(NOW)).toBe(`${dateTime(NOW)} ${name}`);
    vi.unstubAllEnvs();
  });
});
