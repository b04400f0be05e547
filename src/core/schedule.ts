/** Scheduling as arithmetic: a lane's due times are `phase + k · interval`, so nothing is stored and a doubled plan is harmless. */
import { downVantage } from "./backoff.ts";
import { breakerOf, breakerStride } from "./breaker.ts";
import { laneInterval, laneNumber } from "./lanes.ts";
import { HOME_VANTAGE, type ProbeMessage, type ScheduledCheck } from "./records.ts";

const GOLDEN_RATIO_CONJUGATE = 0.618_033_988_749_894_9;
/** One tick plans a minute… */
const PLAN_LENGTH_MS = 60_000;
/** …that begins a little after the tick, so that a late tick or a retried plan still is in time. */
const PLAN_LEAD_MS = 15_000;
/** A queue message holds 128 KB, a character takes up to three bytes. */
const MAX_MESSAGE_CHARS = 42_000;

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
export function planRounds(
  scheduled: readonly ScheduledCheck[],
  window: Window,
  vantages: readonly string[],
): ProbeMessage[] {
  const lanes = Map.groupBy(scheduled, (item) => item.lane);
  return [...lanes].flatMap(([lane, members]) =>
    dueTimes(lane, window).flatMap(({ due_at, index }) => {
      const due = members.filter((item) => {
        const breaker = breakerOf(item.status, item.status_since, item.check.health_interval, due_at);
        return index % breakerStride(breaker, item.check.health_interval) === 0;
      });
      const byVantage = Map.groupBy(due, (item) =>
        item.status === "down" ? downVantage(index, vantages) : HOME_VANTAGE,
      );
      return [...byVantage].flatMap(([vantage, items]) =>
        splitBySize({ round: { lane, due_at, attempt: 0 }, vantage, not_before: due_at, checks: checksInOrder(items) }),
      );
    }),
  );
}

/** First checks of services that were just registered, at once. */
export function firstRounds(scheduled: readonly ScheduledCheck[], now: number): ProbeMessage[] {
  return [...Map.groupBy(scheduled, (item) => item.lane)].flatMap(([lane, items]) =>
    splitBySize({
      round: { lane, due_at: now, attempt: 0 },
      vantage: HOME_VANTAGE,
      not_before: now,
      checks: items.map((item) => item.check),
    }),
  );
}

/** Services that are down come last, so that their timeouts hold nobody up. */
function checksInOrder(items: readonly ScheduledCheck[]) {
  return [...items].sort((a, b) => Number(a.status === "down") - Number(b.status === "down")).map((item) => item.check);
}

/** Messages that fit in the queue; the history row merges the parts of one round. */
export function splitBySize(message: ProbeMessage): ProbeMessage[] {
  const messages: ProbeMessage[] = [];
  let checks: ProbeMessage["checks"] = [];
  let chars = 0;
  for (const check of message.checks) {
    const size = JSON.stringify(check).length;
    if (checks.length > 0 && chars + size > MAX_MESSAGE_CHARS) {
      messages.push({ ...message, checks });
      checks = [];
      chars = 0;
    }
    checks.push(check);
    chars += size;
  }
  if (checks.length > 0) messages.push({ ...message, checks });
  return messages;
}
