/** The id of an agent's process. It stays with the state folder, so that a new start is no second agent. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/values/error-message.ts";

const ID = /^[\w-]{8,64}$/;

export function readInstance(state: string, log: (line: string) => void): string {
  const file = join(state, "instance");
  const known = readId(file);
  if (known !== null) return known;
  const made = crypto.randomUUID();
  try {
    writeFileSync(file, made, { mode: 0o600 });
  } catch (error) {
    log(`the next start of this agent will wait for its name: ${messageOf(error)}`);
  }
  return made;
}

/** Null: there is none yet, or none that can be read. */
function readId(file: string): string | null {
  try {
    const id = readFileSync(file, "utf8").trim();
    return ID.test(id) ? id : null;
  } catch {
    return null;
  }
}
