/** The days that daily rollups use, in UTC: each has 24 hours. A day is named by its start, Unix ms. */
import { HOUR_MS } from "./hours.ts";

export const DAY_MS = 24 * HOUR_MS;

export function dayOf(time: number): number {
  return Math.floor(time / DAY_MS) * DAY_MS;
}

/** Returns the first start of a day at or after `time`. */
export function nextDayOf(time: number): number {
  return Math.ceil(time / DAY_MS) * DAY_MS;
}

/** Returns the bit of an hour in the `hours` of its day's row. */
export function hourBit(hour: number): number {
  return 1 << Math.floor((hour - dayOf(hour)) / HOUR_MS);
}
