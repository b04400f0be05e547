import { FIRST_RECONNECT_MS, LONGEST_RECONNECT_MS } from "../core/time/durations.ts";

/**
 * Milliseconds before the next try after `failures` in a row: 0.5, 1, 2 … 30 s. Half of the delay is random; `random`
 * is in [0, 1).
 */
export function reconnectDelay(failures: number, random: number): number {
  const exponential = FIRST_RECONNECT_MS * 2 ** Math.min(failures - 1, 20);
  return Math.round(Math.min(exponential, LONGEST_RECONNECT_MS) * (0.5 + random / 2));
}
