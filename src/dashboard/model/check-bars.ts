/** The last checks of a service as a row of bars: the colour is the status, the height the response time. */
import type { Status } from "../../core/service/records.ts";
import { MAX_BARS, type Past, type SeenCheck } from "../live/past.ts";
import type { Column } from "./columns.ts";
import { dateTime, latency } from "./format.ts";

export type Bar =
  /** `height`: from 0 to 1. */
  | { kind: "check"; check: SeenCheck; height: number }
  /** Nothing was checked between two bars. */
  | { kind: "gap"; from: number; to: number };

/** After so many intervals without a check, one is missing. */
const LATE_INTERVALS = 2.5;
/** Of a service that is down for long only every 4th check is made. */
const LATE_INTERVALS_DOWN = 5;
const SLACK_MS = 5_000;
const LOWEST = 0.3;
const GAP_HEIGHT = 2;

/** Returns the newest bars, oldest first. `now`: Unix ms; a service that is not checked any more ends with a gap. */
export function barsOf({ interval, checks }: Past, now: number): Bar[] {
  const slowest = Math.max(...checks.map(({ latency_ms }) => latency_ms ?? 0), 1);
  const bars: Bar[] = [];
  checks.forEach((check, index) => {
    const before = checks[index - 1];
    if (before !== undefined && isGap(before, check.at, interval))
      bars.push({ kind: "gap", from: before.at, to: check.at });
    bars.push({ kind: "check", check, height: heightOf(check, slowest) });
  });
  const last = checks.at(-1);
  if (last !== undefined && isGap(last, now, interval)) bars.push({ kind: "gap", from: last.at, to: now });
  return bars.slice(-MAX_BARS);
}

function isGap({ at, status }: SeenCheck, next: number, interval: number): boolean {
  const late = status === "down" ? LATE_INTERVALS_DOWN : LATE_INTERVALS;
  return next - at > late * interval * 1_000 + SLACK_MS;
}

/** A check without an answer has the full height, so that it is seen. */
function heightOf({ latency_ms, status }: SeenCheck, slowest: number): number {
  if (latency_ms === null || status === "down" || status === "unknown") return 1;
  return LOWEST + (1 - LOWEST) * Math.min(1, latency_ms / slowest);
}

/** Says in words what the bars show. */
export function barsInWords(bars: readonly Bar[]): string {
  const checks = bars.flatMap((bar) => (bar.kind === "check" ? [bar.check.status] : []));
  if (checks.length === 0) return "no checks yet";
  const counts = (["down", "degraded", "unknown", "up"] as const)
    .map((status) => [checks.filter((each) => each === status).length, status] as const)
    .filter(([count]) => count > 0)
    .map(([count, status]) => `${count} ${status}`);
  const gaps = bars.some(({ kind }) => kind === "gap") ? ", with gaps" : "";
  return `last ${checks.length === 1 ? "check" : `${checks.length} checks`}: ${counts.join(", ")}${gaps}`;
}

export function barInWords(bar: Bar): string {
  if (bar.kind === "gap") return `not checked from ${dateTime(bar.from)} to ${dateTime(bar.to)}`;
  const { at, status, latency_ms } = bar.check;
  return `${dateTime(at)}: ${status}${latency_ms === null ? "" : `, ${latency(latency_ms)}`}`;
}

/** `height`: of the highest bar, in px. */
export function barColumns(bars: readonly Bar[], height: number): Column<Status | "gap">[] {
  return bars.map((bar) =>
    bar.kind === "gap" ? { kind: "gap", tall: GAP_HEIGHT } : { kind: bar.check.status, tall: bar.height * height },
  );
}
