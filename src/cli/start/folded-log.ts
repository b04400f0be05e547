/** Folds lines of the runtime that come again and again. The hub's own lines are JSON; those pass. */

import { databaseTrouble, NO_ANSWER } from "../../core/hub/database-trouble.ts";

const AGAIN_MS = 600_000;
const MAX_KINDS = 200;

/** Returns what takes the lines in place of `write`. `now`: Unix ms. */
export function foldedLog(write: (line: string) => void, now: () => number): (line: string) => void {
  const kinds = new Map<string, { told: number; left: number }>();
  return (line) => {
    if (line.startsWith("{")) return write(line);
    const kind = kindOf(line);
    const known = kinds.get(kind);
    if (known !== undefined && Math.abs(now() - known.told) < AGAIN_MS) {
      known.left += 1;
      return;
    }
    kinds.delete(kind); // the newest is last
    kinds.set(kind, { told: now(), left: 0 });
    for (const oldest of kinds.keys()) {
      if (kinds.size <= MAX_KINDS) break;
      kinds.delete(oldest);
    }
    const left = known?.left ?? 0;
    const shown = inWords(line);
    write(left === 0 ? shown : `${shown}\n(${left} more lines like this one since it was last shown)`);
  };
}

/** The Worker hears only of an internal error; what is wrong with a database, the runtime tells nobody else. */
function inWords(line: string): string {
  const words = databaseTrouble(line);
  return words === null || words === NO_ANSWER ? line : `${words}. The runtime says:\n${line}`;
}

/** Lines of one kind differ only in numbers, references and the places in the runtime that they come from. */
function kindOf(line: string): string {
  return line
    .replace(/\bstack:.*/s, "")
    .replaceAll(/\b(wdErrId|reference) = \w+/g, "")
    .replaceAll(/\b[0-9a-f]{16,}\b/g, "#")
    .replaceAll(/\d+/g, "#");
}
