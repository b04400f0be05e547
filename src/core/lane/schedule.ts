/**
 * Computes schedules. A lane is due at `phase + k · interval`. So nothing is stored, and a round that is planned twice
 * does no harm.
 */

import type { Check, DueCheck } from "../service/check.ts";
import { HOME_VANTAGE, type Retry } from "../service/records.ts";
import { isJudgeable } from "../service/unreadable.ts";
import { breakerOf, breakerStride } from "../status/breaker.ts";
import { downVantage } from "../status/retry-policy.ts";
import { MAX_TICK_AHEAD_MS, PLAN_LEAD_MS, PLAN_LENGTH_MS } from "../time/durations.ts";
import { chunksBySize, jsonBytes, MAX_MESSAGE_BYTES } from "../values/chunks.ts";
import { laneInterval, laneNumber } from "./lanes.ts";
import type { ProbeMessage } from "./queue-messages.ts";

/** Scheduled rounds are due at multiples of it. */
export const DUE_STEP_MS = 50;
const GOLDEN_RATIO_CONJUGATE = 0.618_033_988_749_894_9;
/** So long after a tick, what it planned is over. */
export const PLANNED_AHEAD_MS = PLAN_LEAD_MS + PLAN_LENGTH_MS;

export interface Window {
  /** Unix ms, inclusive. */
  from: number;
  /** Unix ms, exclusive. */
  to: number;
}

/**
 * Whether the cron may be believed. By a time far in the future, everything is old enough to be deleted. Late ticks are
 * fine. Unix ms.
 */
export function isPlausibleTick(tick: number, now: number): boolean {
  return tick <= now + MAX_TICK_AHEAD_MS;
}

/**
 * Returns the window that the tick in the minute of `tick` (Unix ms) plans. A tick within a minute is that of a hub that
 * has just been started, so nothing is planned before it.
 */
export function tickWindow(tick: number): Window {
  const minute = Math.floor(tick / PLAN_LENGTH_MS) * PLAN_LENGTH_MS;
  const from = minute + PLAN_LEAD_MS;
  return { from: tick === minute ? from : Math.min(tick, from), to: from + PLAN_LENGTH_MS };
}

/**
 * Returns the window from `now` (Unix ms) to the end of what earlier ticks have planned. A new service was not in those
 * plans.
 */
export function catchUpWindow(now: number): Window {
  return { from: now + 1, to: tickWindow(now).to };
}

/**
 * Milliseconds after the start of an interval at which the lane is due, a multiple of DUE_STEP_MS. Lanes of one interval
 * spread evenly however many there are (golden-ratio sequence), and over the second too: many rounds that begin at the
 * same instant hold up everything else.
 */
export function lanePhase(lane: number): number {
  const steps = (laneInterval(lane) * 1_000) / DUE_STEP_MS;
  return Math.floor(((laneNumber(lane) * GOLDEN_RATIO_CONJUGATE) % 1) * steps) * DUE_STEP_MS;
}

/** Returns the due times of a lane in a window (Unix ms), with their index `k`. */
export function dueTimes(lane: number, window: Window): { due_at: number; index: number }[] {
  const interval = laneInterval(lane) * 1_000;
  const phase = lanePhase(lane);
  const times: { due_at: number; index: number }[] = [];
  for (let index = Math.ceil((window.from - phase) / interval); phase + index * interval < window.to; index++) {
    times.push({ due_at: phase + index * interval, index });
  }
  return times;
}

/**
 * Returns the rounds for every due time in the window. A check with an open breaker takes part only in every 4th round.
 */
export function planRounds(scheduled: readonly Check[], window: Window, vantages: readonly string[]): ProbeMessage[] {
  const lanes = Map.groupBy(scheduled.filter(isJudgeable), (check) => check.lane);
  return [...lanes].flatMap(([lane, members]) =>
    dueTimes(lane, window).flatMap(({ due_at, index }) => {
      const due = members.filter((check) => index % strideAt(due_at, check) === 0);
      const byVantage = Map.groupBy(due, (check) =>
        check.recorded_status === "down" ? downVantage(index / strideAt(due_at, check), vantages) : HOME_VANTAGE,
      );
      return [...byVantage].flatMap(([vantage, checks]) =>
        splitBySize({ round: { lane, due_at, attempt: 0 }, vantage, not_before: due_at, checks: downLast(checks) }),
      );
    }),
  );
}

/** Only every n-th due time of the check counts; returns n. */
function strideAt(due_at: number, { recorded_status, recorded_since, health_interval }: Check): number {
  return breakerStride(breakerOf(recorded_status, recorded_since, health_interval, due_at), health_interval);
}

/** Returns rounds that check services at once after their registration. `now`: Unix ms. */
export function firstRounds(scheduled: readonly Check[], now: number): ProbeMessage[] {
  return [...Map.groupBy(scheduled.filter(isJudgeable), (check) => check.lane)].flatMap(([lane, checks]) =>
    splitBySize({ round: { lane, due_at: now, attempt: 0 }, vantage: HOME_VANTAGE, not_before: now, checks }),
  );
}

/**
 * Returns the messages that try failed checks of a round again, one for each attempt and vantage. Each check keeps its
 * own delay, so that services that failed together are not probed at the same instant.
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

/** Replaces the delay that the check had in its round. */
function withDelay({ after_ms: _earlier, ...check }: DueCheck, after_ms: number): DueCheck {
  return after_ms === 0 ? check : { ...check, after_ms };
}

/** Puts those rounds first that may start first. */
export function byDueTime(messages: readonly ProbeMessage[]): ProbeMessage[] {
  return messages.toSorted((a, b) => a.not_before - b.not_before);
}

/** Puts services that are down last, so that their timeouts do not delay others. */
function downLast(checks: readonly Check[]): Check[] {
  return checks.toSorted((a, b) => Number(a.recorded_status === "down") - Number(b.recorded_status === "down"));
}

/** Splits a message so that each part fits in the queue. The history row merges the parts of one round. */
export function splitBySize(message: ProbeMessage): ProbeMessage[] {
  return chunksBySize(message.checks, jsonBytes, { size: MAX_MESSAGE_BYTES }).map((checks) => ({ ...message, checks }));
}
