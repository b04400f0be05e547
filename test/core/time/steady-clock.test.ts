import { expect, test } from "vitest";
import { type ClockRun, clockRunAt, isSettled, isSteady } from "../../../src/core/time/steady-clock.ts";
import { T0 } from "../fixtures.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Looks at a clock that shows these times. */
function lookedAt(times: readonly number[]): boolean {
  const run = times.reduce<ClockRun | null>((before, at) => clockRunAt(before, at), null);
  return run !== null && isSteady(run);
}

const everyHour = (from: number, hours: number) => Array.from({ length: hours + 1 }, (_, n) => from + n * HOUR);

test("a clock is steady when it has gone evenly for a day", () => {
  expect(lookedAt([T0])).toBe(false);
  expect(lookedAt(everyHour(T0, 23))).toBe(false);
  expect(lookedAt(everyHour(T0, 24))).toBe(true);
});

test("a machine that is off each night is steady", () => {
  expect(lookedAt([T0, T0 + 14 * HOUR, T0 + DAY, T0 + 38 * HOUR])).toBe(true);
});

test("a clock that was set, ahead or back, is not steady before another day", () => {
  for (const step of [30 * DAY, -30 * DAY, -HOUR]) {
    const set = T0 + DAY + step;
    expect(lookedAt([...everyHour(T0, 24), set])).toBe(false);
    expect(lookedAt([...everyHour(T0, 24), ...everyHour(set, 23)])).toBe(false);
    expect(lookedAt([...everyHour(T0, 24), ...everyHour(set, 24)])).toBe(true);
  }
  const once = T0 + 54 * DAY; // and then right again
  expect(lookedAt([...everyHour(T0, 24), once, ...everyHour(T0 + 25 * HOUR, 23)])).toBe(false);
});

test("a clock that was set, or that nobody looked at for hours, has settled ten minutes later", () => {
  const settled = (times: number[]) => {
    const run = times.reduce<ClockRun | null>((before, at) => clockRunAt(before, at), null);
    return run !== null && isSettled(run);
  };
  expect(settled([T0])).toBe(true); // a new hub
  expect(settled([T0, T0 + HOUR])).toBe(true);
  for (const at of [T0 + 5 * HOUR, T0 + 30 * DAY, T0 - 5 * HOUR]) {
    expect(settled([T0, at])).toBe(false);
    expect(settled([T0, at, at + HOUR / 12])).toBe(false);
    expect(settled([T0, at, at + HOUR / 6])).toBe(true);
  }
});
