/** When and from where a failed check is tried again. */
import { HOME_VANTAGE } from "./records.ts";

const FIRST_DELAY_MS = 1_000;
/** ±20 %: enough to part services that failed together, little enough to keep detection quick. */
const JITTER = 0.2;

/** Milliseconds before retry `attempt` (1, 2, …): 1, 2, 4 … s, never above the interval, ±20 % by `random` in [0, 1). */
export function retryDelay(attempt: number, intervalS: number, random: number): number {
  const exponential = FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20);
  const capped = Math.min(exponential, intervalS * 1_000);
  return Math.round(capped * (1 - JITTER + 2 * JITTER * random));
}

const LONGEST_RECONNECT_MS = 30_000;

/** Milliseconds before a connection that failed `failures` times in a row is tried again: 0.5, 1, 2 … 30 s, half of it by chance. */
export function reconnectDelay(failures: number, random: number): number {
  const exponential = (FIRST_DELAY_MS / 2) * 2 ** Math.min(failures - 1, 20);
  return Math.round(Math.min(exponential, LONGEST_RECONNECT_MS) * (0.5 + random / 2));
}

/** Retry k runs at the k-th vantage in turn, and at home when all have had theirs. */
export function retryVantage(attempt: number, vantages: readonly string[]): string {
  return [...vantages, HOME_VANTAGE][(attempt - 1) % (vantages.length + 1)] ?? HOME_VANTAGE;
}

/** While a service is down its scheduled checks take the vantages in turn, home first, so that trouble at home can't keep it down. */
export function downVantage(dueIndex: number, vantages: readonly string[]): string {
  return [HOME_VANTAGE, ...vantages][dueIndex % (vantages.length + 1)] ?? HOME_VANTAGE;
}
