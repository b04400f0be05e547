/** Ensures that only one program uses a folder. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

export class FolderInUseError extends Error {
  override name = "FolderInUseError";
}

/**
 * Takes a file lock of SQLite, because the kernel releases it even after a kill -9. Returns a function that releases
 * it. Throws a FolderInUseError when another program has it.
 */
export function lockFolder(path: string): () => void {
  const database = new DatabaseSync(join(path, "lock.sqlite"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error))
      throw new FolderInUseError(`another one is running on ${path}; stop it or choose another --state DIR`);
    throw error;
  }
  return () => database.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}
