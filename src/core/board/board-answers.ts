/** Answers questions about the board. */
import type { Check } from "../service/check.ts";
import type { LiveState } from "../service/records.ts";
import type { Recently } from "../time/recently.ts";
import type { Board } from "./board.ts";
import { recordedAs } from "./board-entry.ts";

/** Services whose round begins, as the board knows them. */
export interface Standing {
  /** Ids of checks that were changed or deregistered after they had been planned. */
  obsolete: number[];
  /** Ids of services of which any result may be news. */
  unsettled: number[];
}

export function standingOf(board: Board, planned: readonly { id: number; rev: number }[]): Standing {
  return {
    obsolete: planned.flatMap(({ id, rev }) => (board.isObsolete(id, rev) ? [id] : [])),
    unsettled: planned.flatMap(({ id }) => (board.isUnsettled(id) ? [id] : [])),
  };
}

/** Leaves out services that the board does not know. */
export function statesOf(board: Board, ids: readonly number[]): { id: number; live: LiveState }[] {
  return ids.flatMap((id) => {
    const entry = board.get(id);
    return entry === undefined ? [] : [{ id, live: entry.live }];
  });
}

/** Returns null when the service is not watched. */
export function checkOf(board: Board, id: number): Check | null {
  const entry = board.get(id);
  return entry === undefined ? null : { ...entry.check, ...recordedAs(entry.live) };
}

/**
 * Returns those that may be checked now because a service that needs them fails, and notes in `causes` that they are.
 * `now`: Unix ms.
 */
export function claimedCauses(board: Board, causes: Recently, ids: readonly number[], now: number): number[] {
  return ids.filter((id) => {
    const live = board.get(id)?.live;
    return live !== undefined && live.status !== "down" && causes.claim(id, live.last_at, now);
  });
}
