/** Scheduling as arithmetic: a lane's due times are `phase + k · interval`, so nothing is stored and a doubled plan is harmless. */
import { breakerOf, breakerStride } from "./breaker.ts";
import type { Check } from "./check.ts";
import { chunksBySize, jsonSize, MAX_MESSAGE_CHARS } from "./chunks.ts";
import { laneInterval, laneNumber } from "./lanes.ts";
import type { ProbeMessage } from "./queue-messages.ts";
import { HOME_VANTAGE } from "./records.ts";
import { downVantage } from "./retry-policy.ts";

const GOLDEN_RATIO_CONJUGATE = 0.618_033_988_749_894_9;
/** One tick plans a minute… */
const PLAN_LENGTH_MS = 60_000;
/** …that begins a little after the tick, so that a late tick or a retried plan still is in time. */
const PLAN_LEAD_MS = 15_000;

export interface Window {
  /** Unix ms, inclusive. */
  from: number;
  /** Unix ms, exclusive. */
  to: number;
}

/** The window that the tick of the minute at `tick` plans. */
export function tickWindow(tick: number): Window {
  const minute = Math.floor(tick / PLAN_LENGTH_MS) * PLAN_LENGTH_MS;
  return { from: minute + PLAN_LEAD_MS, to: minute + PLAN_LEAD_MS + PLAN_LENGTH_MS };
}

/** From now to the end of what earlier ticks have planned: what a newcomer has missed. */
export function catchUpWindow(now: number): Window {
  return { from: now + 1, to: tickWindow(now).to };
}

/** Whole seconds; lanes of one interval spread evenly however many there are (golden-ratio sequence). */
export function lanePhase(lane: number): number {
  return Math.floor(((laneNumber(lane) * GOLDEN_RATIO_CONJUGATE) % 1) * laneInterval(lane));
}

/** The due times of a lane in a window, with their index `k`. */
export function dueTimes(lane: number, window: Window): { due_at: number; index: number }[] {
  const interval = laneInterval(lane) * 1_000;
  const phase = lanePhase(lane) * 1_000;
  const times: { due_at: number; index: number }[] = [];
  for (let index = Math.ceil((window.from - phase) / interval); phase + index * interval < window.to; index++) {
    times.push({ due_at: phase + index * interval, index });
  }
  return times;
}

/** Rounds for every due time in the window. A check with an open breaker takes part in every 4th only. */
export function planRounds(scheduled: readonly Check[], window: Window, vantages: readonly string[]): ProbeMessage[] {
  const lanes = Map.groupBy(scheduled, (check) => check.lane);
  return [...lanes].flatMap(([lane, members]) =>
    dueTimes(lane, window).flatMap(({ due_at, index }) => {
      const due = members.filter(({ recorded_status, recorded_since, health_interval }) => {
        const breaker = breakerOf(recorded_status, recorded_since, health_interval, due_at);
        return index % breakerStride(breaker, health_interval) === 0;
      });
      const byVantage = Map.groupBy(due, (check) =>
        check.recorded_status === "down" ? downVantage(index, vantages) : HOME_VANTAGE,
      );
      return [...byVantage].flatMap(([vantage, checks]) =>
        splitBySize({ round: { lane, due_at, attempt: 0 }, vantage, not_before: due_at, checks: downLast(checks) }),
      );
    }),
  );
}

/** First checks of services that were just registered, at once. */
export function firstRounds(scheduled: readonly Check[], now: number): ProbeMessage[] {
  return [...Map.groupBy(scheduled, (check) => check.lane)].flatMap(([lane, checks]) =>
    splitBySize({ round: { lane, due_at: now, attempt: 0 }, vantage: HOME_VANTAGE, not_before: now, checks }),
  );
}

/** Services that are down come last, so that their timeouts hold nobody up. */
function downLast(checks: readonly Check[]): Check[] {
  return checks.toSorted((a, b) => Number(a.recorded_status === "down") - Number(b.recorded_status === "down"));
}

/** Messages that fit in the queue; the history row merges the parts of one round. */
export function splitBySize(message: ProbeMessage): ProbeMessage[] {
  return chunksBySize(message.checks, jsonSize, { size: MAX_MESSAGE_CHARS }).map((checks) => ({ ...message, checks }));
}
