/** Makes a backup of a local hub, also while the hub runs. */
import { existsSync } from "node:fs";
import { link, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FORMAT, HUB_VERSION, migrationsIn, type Summary, summaryOf, writeLabel } from "./label.ts";
import { adminTokenFile, databasesIn, dataIn, federationsIn, hubIdFile, textOf } from "./state-files.ts";

const OWNER_ONLY = 0o600;
/** The hub holds its database for milliseconds only. */
const BUSY_MS = 10_000;

export interface BackupOptions {
  /** The state folder. */
  state: string;
  /** The file to write. */
  target: string;
  /** Whether to replace a file that exists. */
  force: boolean;
  /** Unix ms. */
  now: number;
}

export interface Written extends Summary {
  hub_id: string | null;
  bytes: number;
  hasKeys: boolean;
  hasToken: boolean;
}

/**
 * The file appears when it is whole, and only its owner may read it. Throws an error for a person, and leaves nothing
 * behind, when there is no hub, the file exists, or it can't be written.
 */
export async function writeBackup({ state, target, force, now }: BackupOptions): Promise<Written> {
  const database = await onlyOne(await databasesIn(dataIn(state)), "database", state);
  if (database === null) throw new Error(`${resolve(state)} is no state folder of a hub; name it by --state DIR`);
  const found = await stat(target).catch(() => null);
  if (found !== null && !force) throw new Error(`${target} exists; --force replaces it`);
  if (found !== null && !found.isFile()) throw new Error(`${target} is not a file`);
  const part = `${target}.${process.pid}.part`;
  try {
    await copyDatabase(database, part);
    const federation = await federationOf(state, `${part}.keys`);
    const label = {
      ...({ format: FORMAT, made_at: now, hub_version: HUB_VERSION, federation } as const),
      hub_id: await textOf(hubIdFile(state)),
      admin_token: await textOf(adminTokenFile(state)),
    };
    const summary = labelled(part, state, label);
    const { size: bytes } = await stat(part);
    await publish(part, target, force);
    const { hub_id, admin_token } = label;
    return { ...summary, hub_id, bytes, hasKeys: federation !== null, hasToken: admin_token !== null };
  } finally {
    await rm(part, { force: true });
  }
}

function labelled(part: string, state: string, label: Parameters<typeof writeLabel>[1]): Summary {
  const database = new DatabaseSync(part);
  try {
    if (!hasTables(database)) throw new Error(`the hub in ${resolve(state)} has no tables yet; start it first`);
    const summary = summaryOf(database);
    database.exec("PRAGMA journal_mode = MEMORY"); // no file beside it; one that is not whole is removed anyway
    writeLabel(database, label);
    return summary;
  } finally {
    database.close();
  }
}

function hasTables(database: DatabaseSync): boolean {
  try {
    return migrationsIn(database).length > 0;
  } catch {
    return false;
  }
}

async function federationOf(state: string, temporary: string): Promise<Uint8Array | null> {
  const file = await onlyOne(await federationsIn(dataIn(state)), "Federation object", state);
  if (file === null) return null;
  try {
    await copyDatabase(file, temporary);
    return await readFile(temporary);
  } finally {
    await rm(temporary, { force: true });
  }
}

/**
 * As of one moment, whatever the hub writes meanwhile, without what is deleted. Needs no more of SQLite than every Node
 * has on which the hub command runs; writers don't wait for it and don't make it begin again.
 */
async function copyDatabase(file: string, target: string): Promise<void> {
  await (await open(target, "wx", OWNER_ONLY)).close(); // SQLite fills an empty file
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.prepare("VACUUM INTO ?").run(target);
  } finally {
    database.close();
  }
}

/** Another program may have made the file in the meantime. */
async function publish(part: string, target: string, force: boolean): Promise<void> {
  await flush(part);
  if (force) await rename(part, target);
  else await linkOrRename(part, target);
  await flush(dirname(resolve(target))).catch(() => {}); // not every system can do that with a folder
}

/** A link is refused where a file exists. File systems without links have no way that is as sure. */
async function linkOrRename(part: string, target: string): Promise<void> {
  try {
    await link(part, target);
  } catch (error) {
    if (existsSync(target)) throw new Error(`${target} exists; --force replaces it`);
    if (!(error instanceof Error && "code" in error)) throw error;
    await rename(part, target);
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  await file.sync().finally(() => file.close());
}

async function onlyOne(files: string[], what: string, state: string): Promise<string | null> {
  if (files.length > 1)
    throw new Error(`${resolve(state)} has ${files.length} files of a ${what}: ${files.join(", ")}`);
  return files[0] ?? null;
}
