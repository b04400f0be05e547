/** Decides when, how often and from where a failed check is tried again, and when failures confirm an outage. */

import { isProbed } from "../methods/index.ts";
import type { Check } from "../service/check.ts";
import { HOME_VANTAGE } from "../service/records.ts";
import { AGENT_LOST_RETRY_MS, FIRST_RETRY_MS, LOST_RETRY_MS } from "../time/durations.ts";

/** ±20 %. Services that failed together are retried at different times, and outages are still found quickly. */
const JITTER = 0.2;

/**
 * Returns the milliseconds before retry `attempt` (1, 2, …): 1, 2, 4 … s, at most the interval, then ±20 % by `random`
 * in [0, 1).
 */
export function retryDelay(attempt: number, intervalS: number, random: number): number {
  const exponential = FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20);
  const capped = Math.min(exponential, intervalS * 1_000);
  return Math.round(capped * (1 - JITTER + 2 * JITTER * random));
}

/**
 * Returns the vantage of a retry. Retries use the vantages in turn, and home after the last vantage. `blind`: vantages
 * that failed to look and are left out.
 */
export function retryVantage(attempt: number, vantages: readonly string[], blind: readonly string[]): string {
  const inTurn = [...vantages, HOME_VANTAGE];
  const first = (attempt - 1) % inTurn.length;
  return [...inTurn.slice(first), ...inTurn].find((vantage) => !blind.includes(vantage)) ?? HOME_VANTAGE;
}

/**
 * Returns the vantage of the n-th scheduled check of a service that is down. Such checks use home and the vantages in
 * turn, so that a problem of home alone can't keep the service down.
 */
export function downVantage(index: number, vantages: readonly string[]): string {
  return [HOME_VANTAGE, ...vantages][index % (vantages.length + 1)] ?? HOME_VANTAGE;
}

/**
 * Whether the expected retry may still come. False when there is none or when it must have been lost. `at`: Unix ms.
 */
export function isRetryUnderWay(
  retry: { at: number } | null,
  { health_timeout, agent }: Pick<Check, "health_timeout" | "agent">,
  at: number,
): boolean {
  // An agent tells what it found in order, so a retry that has not come by then does not come any more.
  const grace = agent === null ? LOST_RETRY_MS : AGENT_LOST_RETRY_MS;
  return retry !== null && at < retry.at + health_timeout * 1_000 + grace;
}

/**
 * Whether a streak of failures is an outage. The retries must be used up. When there are vantages that can look, two of
 * them must have seen a failure, even if retries were lost. A failure that a heartbeat reports is an outage at once.
 */
export function isConfirmed(
  streak: { failures: number; seenFrom: readonly string[]; blind: readonly string[] },
  check: Pick<Check, "health_method" | "health_retries">,
  vantages: readonly string[],
): boolean {
  const allowedFailures = check.health_method === "heartbeat" ? 0 : check.health_retries;
  if (streak.failures <= allowedFailures) return false;
  const sighted = vantages.filter((vantage) => !streak.blind.includes(vantage));
  if (allowedFailures === 0 || sighted.length === 0 || !isProbed(check.health_method)) return true;
  return new Set(streak.seenFrom).size > 1;
}
