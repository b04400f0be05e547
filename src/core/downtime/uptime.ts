/** Computes exact uptimes from changes of status. */
import type { Status } from "../service/records.ts";
import type { Flip } from "../status/recorded-flip.ts";
import { type Gap, overlap } from "./downtime.ts";

export type StatusChange = Pick<Flip, "to" | "at" | "began_at">;

export interface Past {
  /** Oldest first; may exceed the window. */
  changes: readonly StatusChange[];
  /** The status before the first change. */
  before: Status;
  /** Times in which nobody watched, so that no status is known. */
  unwatched: readonly Gap[];
}

/**
 * Returns the time from which the new status held, Unix ms. An outage holds from its first failing check, and nothing is
 * known from the time when a check was missing; any other status holds from the check that found it.
 */
export function heldFrom(change: StatusChange): number {
  const at = Date.parse(change.at);
  const isBackdated = change.to === "down" || change.to === "unknown";
  return isBackdated ? Math.min(Date.parse(change.began_at), at) : at;
}

/**
 * Returns the part of the known time in [from, to) (Unix ms) in which the service was up or degraded; null: no status
 * is known.
 */
export function uptime(past: Past, from: number, to: number): number | null {
  return uptimes(past, [from, to])[0] ?? null;
}

/** Returns the uptime between each two neighbours of `edges` (Unix ms, rising). It reads the changes only once. */
export function uptimes({ changes, before, unwatched }: Past, edges: readonly number[]): (number | null)[] {
  const steps = timeline(changes, before);
  let i = 0;
  return edges.slice(1).map((end, k) => {
    let at = edges[k] ?? end;
    const held = { up: 0, down: 0 };
    while (at < end) {
      while ((steps[i + 1]?.at ?? Number.POSITIVE_INFINITY) <= at) i++;
      const until = Math.min(end, steps[i + 1]?.at ?? end);
      const side = sideOf(steps[i]?.status ?? "unknown");
      if (side !== null) held[side] += until - at - overlap(unwatched, at, until);
      at = until;
    }
    const known = held.up + held.down;
    return known === 0 ? null : held.up / known;
  });
}

/**
 * Returns statuses with their starts in rising order: an outage can't begin before the status that it ended, and no
 * change came after the next one. A time that says so came from a clock that was ahead.
 */
function timeline(changes: readonly StatusChange[], before: Status): { status: Status; at: number }[] {
  const latest = latestStarts(changes);
  let last = Number.NEGATIVE_INFINITY;
  const steps = changes.map((change, i) => {
    last = Math.max(last, Math.min(heldFrom(change), latest[i] ?? Number.POSITIVE_INFINITY));
    return { status: change.to, at: last };
  });
  return [{ status: before, at: Number.NEGATIVE_INFINITY }, ...steps];
}

/** Returns for each change the earliest time of itself and of those after it. */
function latestStarts(changes: readonly StatusChange[]): number[] {
  let next = Number.POSITIVE_INFINITY;
  const starts: number[] = [];
  for (const { at } of changes.toReversed()) {
    next = Math.min(next, Date.parse(at));
    starts.push(next);
  }
  return starts.reverse();
}

function sideOf(status: Status): "up" | "down" | null {
  switch (status) {
    case "up":
    case "degraded":
      return "up";
    case "down":
      return "down";
    case "unknown":
      return null;
  }
}
