/** Computes exact uptimes from changes of status. */
import type { Flip, Status } from "./records.ts";

export type StatusChange = Pick<Flip, "to" | "at" | "began_at">;

/**
 * Returns the time from which the new status held, Unix ms. An outage holds from its first failing check; any other
 * status holds from the check that found it.
 */
export function heldFrom(change: StatusChange): number {
  const at = Date.parse(change.at);
  return change.to === "down" ? Math.min(Date.parse(change.began_at), at) : at;
}

/**
 * Returns the part of the known time in [from, to) (Unix ms) in which the service was up or degraded; null: no status
 * is known. `changes`: oldest first, may exceed the window. `before`: the status before the first change.
 */
export function uptime(changes: readonly StatusChange[], before: Status, from: number, to: number): number | null {
  return uptimes(changes, before, [from, to])[0] ?? null;
}

/** Returns the uptime between each two neighbours of `edges` (Unix ms, rising). It reads the changes only once. */
export function uptimes(changes: readonly StatusChange[], before: Status, edges: readonly number[]): (number | null)[] {
  const steps = timeline(changes, before);
  let i = 0;
  return edges.slice(1).map((end, k) => {
    let at = edges[k] ?? end;
    const held = { up: 0, down: 0 };
    while (at < end) {
      while ((steps[i + 1]?.at ?? Number.POSITIVE_INFINITY) <= at) i++;
      const until = Math.min(end, steps[i + 1]?.at ?? end);
      const side = sideOf(steps[i]?.status ?? "unknown");
      if (side !== null) held[side] += until - at;
      at = until;
    }
    const known = held.up + held.down;
    return known === 0 ? null : held.up / known;
  });
}

/** Returns statuses with their starts in rising order: an outage can't begin before the status that it ended. */
function timeline(changes: readonly StatusChange[], before: Status): { status: Status; at: number }[] {
  let last = Number.NEGATIVE_INFINITY;
  const steps = changes.map((change) => {
    last = Math.max(last, heldFrom(change));
    return { status: change.to, at: last };
  });
  return [{ status: before, at: Number.NEGATIVE_INFINITY }, ...steps];
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
