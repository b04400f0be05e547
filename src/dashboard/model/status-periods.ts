/** Divides a window of time into periods with one status each. */

import { heldFrom } from "../../core/downtime/uptime.ts";
import type { Status } from "../../core/service/records.ts";
import type { Flip } from "../api/queries.ts";

/** Times in Unix ms. */
export interface StatusPeriod {
  status: Status;
  from: number;
  to: number;
}

/**
 * `flips`: the flips in the window [from, to), in any order. Without flips, the service had the `current` status since
 * `current.since`, and its status before that is unknown. Each begins when it held, see `heldFrom`. While nobody watched
 * (`unwatched`, ISO times), the status is unknown.
 */
export function statusPeriods(
  flips: readonly Pick<Flip, "from" | "to" | "at" | "began_at">[],
  current: { status: Status; since: number },
  window: { from: number; to: number },
  unwatched: readonly { from: string; to: string }[],
): StatusPeriod[] {
  const ordered = [...flips].sort((a, b) => (a.at < b.at ? -1 : 1));
  const changes = ordered.map((flip) => ({
    at: heldFrom(flip),
    to: flip.to,
  }));
  const first = ordered[0]?.from ?? "unknown";
  if (changes.length === 0) changes.push({ at: Math.max(current.since, window.from), to: current.status });
  const periods: StatusPeriod[] = [];
  let status: Status = first;
  let from = window.from;
  for (const { at, to } of changes) {
    const until = Math.min(Math.max(at, from), window.to);
    if (until > from) periods.push({ status, from, to: until });
    from = until;
    status = to;
  }
  if (from < window.to) periods.push({ status, from, to: window.to });
  const gaps = unwatched.map((gap) => ({ from: Date.parse(gap.from), to: Date.parse(gap.to) }));
  return merged(periods.flatMap((period) => gaps.reduce(cut, [period])));
}

/** Makes the part of the periods that lies in the gap unknown. */
function cut(periods: StatusPeriod[], gap: { from: number; to: number }): StatusPeriod[] {
  return periods.flatMap((period) => {
    const [from, to] = [Math.max(period.from, gap.from), Math.min(period.to, gap.to)];
    if (from >= to) return period;
    const parts: StatusPeriod[] = [
      { ...period, to: from },
      { status: "unknown", from, to },
      { ...period, from: to },
    ];
    return parts.filter((part) => part.from < part.to);
  });
}

function merged(periods: readonly StatusPeriod[]): StatusPeriod[] {
  const result: StatusPeriod[] = [];
  for (const period of periods) {
    const last = result.at(-1);
    if (last?.status === period.status) last.to = period.to;
    else result.push({ ...period });
  }
  return result;
}

/** Returns for how many ms the service had each status. */
export function timeByStatus(periods: readonly StatusPeriod[]): Map<Status, number> {
  const held = new Map<Status, number>();
  for (const { status, from, to } of periods) held.set(status, (held.get(status) ?? 0) + to - from);
  return held;
}
