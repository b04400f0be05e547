/** Answers lists while the database is away: with what the live board knows. */
import type { Context } from "hono";
import type { BoardEntry } from "../core/board/board-entry.ts";
import { errorText, log } from "../platform/log.ts";
import { isAway } from "../store/errors.ts";
import type { HubEnv } from "./context.ts";

/** The header of an answer that comes from memory. */
const SOURCE = "hub-source";

export const MEMORY_NOTE =
  "While the database does not answer, the answer comes from memory and says so in the header `hub-source: memory`: it has the watched services of running projects only, and what only the database knows is empty.";

/** `known` returns null when the board does not know enough for an answer. */
export async function orFromMemory<T>(
  c: Context<HubEnv>,
  stored: () => Promise<T>,
  known: (entries: readonly BoardEntry[]) => T | null,
): Promise<T> {
  try {
    return await stored();
  } catch (error) {
    if (!isAway(error)) throw error;
    const entries = await c.var.hub.knownEntries();
    const answer = entries.length === 0 ? null : known(entries);
    if (answer === null) throw error;
    log("warn", "answered_from_memory", { error: errorText(error) });
    c.header(SOURCE, "memory");
    return answer;
  }
}
