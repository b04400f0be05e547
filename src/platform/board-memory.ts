/**
 * The newest board of this instance of the Worker that has read the registry. When the disk of a local hub is full, the
 * live board's object can't even start; its last board is here.
 */
import type { Board } from "../core/board/board.ts";
import type { BoardEntry } from "../core/board/board-entry.ts";

let newest: Board | null = null;

export function rememberBoard(board: Board): void {
  newest = board;
}

/** Returns what was known last, with the newer entries in place of the older ones. */
export function withRemembered(entries: readonly BoardEntry[]): BoardEntry[] {
  const known = new Map([...(newest?.entries() ?? [])].map((entry) => [entry.check.service_id, entry]));
  for (const entry of entries) known.set(entry.check.service_id, entry);
  return [...known.values()];
}
