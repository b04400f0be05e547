/** Divides a window of time into periods with one status each. */
import type { Status } from "../../core/records.ts";
import type { Flip } from "../api/queries.ts";

/** Times in Unix ms. */
interface StatusPeriod {
  status: Status;
  from: number;
  to: number;
}

/**
 * `flips`: the flips in the window [from, to), in any order. Without flips, the service had the `current` status since
 * `current.since`, and its status before that is unknown. An outage begins at its first failed check.
 */
export function statusPeriods(
  flips: readonly Pick<Flip, "from" | "to" | "at" | "began_at">[],
  current: { status: Status; since: number },
  window: { from: number; to: number },
): StatusPeriod[] {
  const ordered = [...flips].sort((a, b) => (a.at < b.at ? -1 : 1));
  const changes = ordered.map((flip) => ({
    at: Date.parse(flip.to === "down" ? flip.began_at : flip.at),
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
  return merged(periods);
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
