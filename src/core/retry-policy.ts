/** When, how often and from where a failed check is tried again, and when the failures are enough for `down`. */

import type { Check, DueCheck } from "./check.ts";
import type { ProbeMessage } from "./queue-messages.ts";
import { HOME_VANTAGE, isProbed, type Retry } from "./records.ts";

const FIRST_DELAY_MS = 1_000;
/** ±20 %: enough to part services that failed together, little enough to keep detection quick. */
const JITTER = 0.2;
/** Room beyond the timeout before a retry that was never heard of counts as lost. */
const LOST_RETRY_MS = 10_000;

/** Milliseconds before retry `attempt` (1, 2, …): 1, 2, 4 … s, never above the interval, ±20 % by `random` in [0, 1). */
export function retryDelay(attempt: number, intervalS: number, random: number): number {
  const exponential = FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20);
  const capped = Math.min(exponential, intervalS * 1_000);
  return Math.round(capped * (1 - JITTER + 2 * JITTER * random));
}

/** Retry k runs at the k-th vantage in turn, and at home when all have had theirs. */
export function retryVantage(attempt: number, vantages: readonly string[]): string {
  return [...vantages, HOME_VANTAGE][(attempt - 1) % (vantages.length + 1)] ?? HOME_VANTAGE;
}

/** While a service is down its scheduled checks take the vantages in turn, home first, so that trouble at home can't keep it down. */
export function downVantage(dueIndex: number, vantages: readonly string[]): string {
  return [HOME_VANTAGE, ...vantages][dueIndex % (vantages.length + 1)] ?? HOME_VANTAGE;
}

/** Whether the awaited retry may still come; false when there is none, or when it must have been lost. */
export function isRetryUnderWay(retry: { at: number } | null, timeoutS: number, at: number): boolean {
  return retry !== null && at < retry.at + timeoutS * 1_000 + LOST_RETRY_MS;
}

/**
 * Whether a streak of failures is an outage: the retries are used up and, where there are vantages, more than one of
 * them has seen it fail, even when retries were lost. A heartbeat that reports a failure is believed at once.
 */
export function isConfirmed(
  streak: { failures: number; seenFrom: readonly string[] },
  check: Pick<Check, "health_method" | "health_retries">,
  vantages: readonly string[],
): boolean {
  const forgiven = check.health_method === "heartbeat" ? 0 : check.health_retries;
  if (streak.failures <= forgiven) return false;
  if (forgiven === 0 || vantages.length === 0 || !isProbed(check.health_method)) return true;
  return new Set(streak.seenFrom).size > 1;
}

/**
 * The messages that try failed checks of a round again: one for each attempt and vantage. Each check keeps its own
 * delay, so that services that failed together are not asked at the same instant.
 */
export function retryRounds(
  message: ProbeMessage,
  failing: readonly { check: Check; retry: Retry }[],
  now: number,
): ProbeMessage[] {
  const groups = Map.groupBy(failing, ({ retry }) => `${retry.vantage} ${retry.attempt}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const soonest = Math.min(...group.map(({ retry }) => retry.delay_ms));
    const checks = group.map(({ check, retry }): DueCheck => withDelay(check, retry.delay_ms - soonest));
    return {
      round: { ...message.round, attempt: first.retry.attempt },
      vantage: first.retry.vantage,
      not_before: now + soonest,
      checks,
    };
  });
}

/** A check that was itself delayed in its round gets the new delay only. */
function withDelay({ after_ms: _earlier, ...check }: DueCheck, after_ms: number): DueCheck {
  return after_ms === 0 ? check : { ...check, after_ms };
}
