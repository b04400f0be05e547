/** The outages of single days, in words. */
import { type DayBar, dayInWords } from "./day-bars.ts";
import { duration } from "./format.ts";

/** Of less, nothing can be said: ratios are not exact. */
const SHORTEST_MS = 1_000;

/** For example `Tue 24 Nov: 99.30 % up, 10 min down`. */
export function dayWithOutage(bar: DayBar, now: number): string {
  const { down = 0 } = bar;
  return down < SHORTEST_MS ? dayInWords(bar, now) : `${dayInWords(bar, now)}, ${duration(down)} down`;
}

/** The days that were not whole, newest first. */
export function daysWithOutage(bars: readonly DayBar[]): DayBar[] {
  return bars.filter(({ uptime }) => uptime !== null && uptime < 1).toReversed();
}
