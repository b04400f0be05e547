/** A stretch of time as pieces of one status each. */
import type { Status } from "../../core/records.ts";
import type { Flip } from "../api/queries.ts";

/** Times in Unix ms. */
export interface Piece {
  status: Status;
  from: number;
  to: number;
}

/**
 * `flips` in any order, those of the window [from, to). Without any, `current` held all the time since it began and
 * nothing is known of before. An outage counts from its first failing check.
 */
export function uptimePieces(
  flips: readonly Pick<Flip, "from" | "to" | "at" | "began_at">[],
  current: { status: Status; since: number },
  window: { from: number; to: number },
): Piece[] {
  const ordered = [...flips].sort((a, b) => (a.at < b.at ? -1 : 1));
  const changes = ordered.map((flip) => ({
    at: Date.parse(flip.to === "down" ? flip.began_at : flip.at),
    to: flip.to,
  }));
  const first = ordered[0]?.from ?? "unknown";
  if (changes.length === 0) changes.push({ at: Math.max(current.since, window.from), to: current.status });
  const pieces: Piece[] = [];
  let status: Status = first;
  let from = window.from;
  for (const { at, to } of changes) {
    const until = Math.min(Math.max(at, from), window.to);
    if (until > from) pieces.push({ status, from, to: until });
    from = until;
    status = to;
  }
  if (from < window.to) pieces.push({ status, from, to: window.to });
  return joined(pieces);
}

function joined(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (last?.status === piece.status) last.to = piece.to;
    else result.push({ ...piece });
  }
  return result;
}

/** In words, for who can't see the bar: how long each status held, ms. */
export function heldFor(pieces: readonly Piece[]): Map<Status, number> {
  const held = new Map<Status, number>();
  for (const { status, from, to } of pieces) held.set(status, (held.get(status) ?? 0) + to - from);
  return held;
}
