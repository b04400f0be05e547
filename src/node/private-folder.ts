/** Folders that only their owner may read: they hold keys, tokens and what services said. */
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/values/error-message.ts";

const OWNER_ONLY = 0o700;
const OTHERS = 0o077;

/**
 * Takes the rights of others to the folder and to those below away. Returns what to say of that; null: nothing, the
 * folder was private.
 */
export function privateFolder(path: string): string | null {
  const before = statSync(path).mode & 0o777;
  try {
    for (const folder of [path, ...foldersBelow(path)]) close(folder);
  } catch (error) {
    return `${path} holds secrets, and its folders can't be closed to others: ${messageOf(error)}`;
  }
  if ((before & OTHERS) === 0) return null;
  return `${path} holds secrets and was open to others (mode ${before.toString(8)}): now it is its owner's only (mode 700)`;
}

function close(folder: string): void {
  const mode = statSync(folder).mode & 0o777;
  if ((mode & OTHERS) !== 0) chmodSync(folder, mode & OWNER_ONLY);
}

/** Links are not followed: what they lead to is not the folder's. */
function foldersBelow(path: string): string[] {
  const entries = readdirSync(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
}
