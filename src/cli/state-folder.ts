/** The folder with the data of a local hub. A lock ensures that only one hub uses the folder. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

export interface StateFolder {
  path: string;
  /** The data of D1 and of the Durable Objects, in the layout of `wrangler … --local --persist-to DIR`. */
  data: string;
  /** The folder of the bundled Worker. */
  worker: string;
  /** The folder for temporary files. They are not needed after the hub has ended. */
  temporary: string;
  /** Releases the lock, so that another hub can use the folder. */
  release(): void;
}

export class StateFolderInUseError extends Error {
  override name = "StateFolderInUseError";
}

/** Makes the folder if needed. Throws a StateFolderInUseError while another hub uses the folder. */
export async function openStateFolder(directory: string): Promise<StateFolder> {
  const path = resolve(directory);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const release = lock(path);
  return { path, data: join(path, "v3"), worker: join(path, "worker"), temporary: join(path, "tmp"), release };
}

/**
 * Takes a file lock of SQLite, because the kernel releases it even after a kill -9. Returns a function that releases
 * it.
 */
function lock(path: string): () => void {
  const database = new DatabaseSync(join(path, "lock.sqlite"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) {
      throw new StateFolderInUseError(`another hub is running on ${path}; stop it or choose another --state DIR`);
    }
    throw error;
  }
  return () => database.close();
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}

/** Returns the admin token of the folder. The first call makes the token. Only the owner of the file can read it. */
export async function storedAdminToken(path: string): Promise<string> {
  const file = join(path, "admin-token");
  const kept = await readFile(file, "utf8").catch(() => "");
  if (kept.trim() !== "") {
    await chmod(file, 0o600);
    return kept.trim();
  }
  const token = `hub_admin_${randomBytes(24).toString("base64url")}`;
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}
