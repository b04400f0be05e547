/** The hours that rollups use. An hour is named by its start, Unix ms. */

export const HOUR_MS = 3_600_000;
/** After this time the outcomes of an hour's last rounds have been recorded. */
const LATE_OUTCOMES_MS = 120_000;

export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}

/** Returns the first start of an hour at or after `time`. */
export function nextHourOf(time: number): number {
  return Math.ceil(time / HOUR_MS) * HOUR_MS;
}

/** Returns the newest hour that is complete and may be rolled up. `now`: Unix ms. */
export function lastWholeHour(now: number): number {
  return hourOf(now - LATE_OUTCOMES_MS) - HOUR_MS;
}
