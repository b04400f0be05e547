/** The days of a service: how much of each it was up, by the reader's own calendar. */

import type { Status } from "../../core/service/records.ts";
import type { History } from "../api/queries.ts";
import type { Days } from "../live/days.ts";
import type { Column } from "./columns.ts";
import { duration, percent } from "./format.ts";

export interface DayBar {
  /** Local midnight, Unix ms. */
  from: number;
  to: number;
  /** Ratio from 0 to 1; null: nothing is known of the day. */
  uptime: number | null;
  /** How long it was down in the part that is known, in ms. Absent: only the ratio is known. */
  down?: number;
}

type Point = Pick<History["points"][number], "at" | "uptime">;

export const DAYS = 90;
const DAY_MS = 86_400_000;
/** Below it a day was bad, and not only troubled. */
const BAD_BELOW = 0.95;

/** The midnights at which the days begin, oldest first, and the coming one. A day may have 23 or 25 hours. */
export function midnights(created: number, now: number, days = DAYS): number[] {
  const today = new Date(now);
  const midnight = (back: number) => new Date(today.getFullYear(), today.getMonth(), today.getDate() - back).getTime(); // one may not exist
  const all = Array.from({ length: days + 1 }, (_, index) => midnight(days - 1 - index));
  return all.filter((_, index) => (all[index + 1] ?? Number.POSITIVE_INFINITY) > created);
}

/** `points`: in the order of time, each until the next; the last one until `end`. `edges`: as midnights returns them. */
export function dayBars(points: readonly Point[], edges: readonly number[], end: number): DayBar[] {
  const known = points.flatMap(({ at, uptime }, index) => {
    const next = points[index + 1];
    const to = next === undefined ? end : Date.parse(next.at);
    return uptime === null ? [] : [{ from: Date.parse(at), to, uptime }];
  });
  return edges.slice(0, -1).map((from, index) => {
    const to = edges[index + 1] ?? from;
    let [length, up] = [0, 0];
    for (const point of known) {
      const overlap = Math.max(0, Math.min(point.to, to) - Math.max(point.from, from));
      length += overlap;
      up += overlap * point.uptime;
    }
    return length === 0 ? { from, to, uptime: null } : { from, to, uptime: up / length, down: length - up };
  });
}

/** The colour of a day; null: nothing is known of it. */
export function dayStatus({ uptime }: DayBar): Status | null {
  if (uptime === null) return null;
  if (uptime >= 1) return "up";
  return uptime >= BAD_BELOW ? "degraded" : "down";
}

/** Ratios are not exact to less. */
const SHORTEST_MS = 1_000;

/** For example `Tue 24 Nov: 99.30 % up, 10 min down`. `timeZone`: undefined is the reader's own. */
export function dayInWords(bar: DayBar, now: number, timeZone?: "UTC"): string {
  const names = { weekday: "short", day: "numeric", month: "short", timeZone } as const;
  const day = new Intl.DateTimeFormat("en-GB", names).format(bar.from);
  const isToday = bar.from <= now && now < bar.to;
  const { uptime, down = 0 } = bar;
  const outage = down < SHORTEST_MS ? "" : `, ${duration(down)} down`;
  const figure = uptime === null ? "nothing is known" : `${percent(uptime)} up${outage}`;
  return `${day}${isToday ? ", so far" : ""}: ${figure}`;
}

/** The days as bars. They are those of UTC, because one answer is about many services. */
export function utcDays({ first, uptime }: Days): DayBar[] {
  return uptime.map((ratio, index) => {
    const from = first + index * DAY_MS;
    return { from, to: from + DAY_MS, uptime: ratio };
  });
}

/** All bars are of the same height. */
export function dayColumns(bars: readonly DayBar[], height: number): Column<Status>[] {
  return bars.map((bar) => ({ kind: dayStatus(bar) ?? "unknown", tall: height }));
}

/** All days in one sentence, for those who do not see the bars. */
export function daysInWords(bars: readonly DayBar[]): string {
  const known = bars.filter(({ uptime }) => uptime !== null);
  const whole = known.filter(({ uptime }) => uptime === 1).length;
  return `${known.length} of ${bars.length} days are known; ${whole} without an outage`;
}

/** The same with each day that was not whole, and its figure. */
export function daysInFull(bars: readonly DayBar[], now: number): string {
  const bad = bars.filter(({ uptime }) => uptime !== null && uptime < 1);
  return [daysInWords(bars), ...bad.map((bar) => dayInWords(bar, now))].join(". ");
}
