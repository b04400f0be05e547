/** Hours as rollups count them: Unix ms of their start. */

export const HOUR_MS = 3_600_000;
/** Outcomes of an hour's last rounds have arrived by then. */
const LATE_OUTCOMES_MS = 120_000;

export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}

/** The newest hour that may be rolled up. */
export function lastWholeHour(now: number): number {
  return hourOf(now - LATE_OUTCOMES_MS) - HOUR_MS;
}
