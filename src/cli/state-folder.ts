/** The folder that keeps a local hub's data, and the lock that gives it to one hub at a time. */
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";

const SQLITE_BUSY = 5;

export interface StateFolder {
  path: string;
  /** D1 and the Durable Objects; the layout of `wrangler … --local --persist-to DIR`. */
  data: string;
  /** The bundled Worker. */
  worker: string;
  /** Nothing in it outlives its hub. */
  temporary: string;
  /** Lets another hub have the folder. */
  release(): void;
}

export class StateFolderInUseError extends Error {
  override name = "StateFolderInUseError";
}

/** Makes the folder if needed. Throws a StateFolderInUseError while another hub has it. */
export async function openStateFolder(directory: string): Promise<StateFolder> {
  const path = resolve(directory);
  await mkdir(path, { recursive: true, mode: 0o700 });
  const release = lock(path);
  return { path, data: join(path, "v3"), worker: join(path, "worker"), temporary: join(path, "tmp"), release };
}

/** SQLite's file lock: the kernel gives it back however its holder ends. */
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

/** The folder's own admin token, made at the first call and readable by its owner only. */
export async function keptAdminToken(path: string): Promise<string> {
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
