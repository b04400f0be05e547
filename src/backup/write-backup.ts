/** Makes a backup of a local hub, also while the hub runs. */
import { randomBytes } from "node:crypto";
import { link, lstat, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FORMAT, HUB_VERSION, migrationsIn, type Summary, summaryOf, writeLabel } from "./label.ts";
import {
  adminTokenFile,
  databasesIn,
  dataIn,
  hubIdFile,
  KEPT_OBJECTS,
  type KeptObject,
  objectsIn,
  textOf,
} from "./state-files.ts";

const OWNER_ONLY = 0o600;
/** Of the name beside the target: two backups at once, even of two containers, have two. */
const PART_BYTES = 6;
/** The hub holds its database for milliseconds only. */
const BUSY_MS = 10_000;

/** An SQLite file. */
type Copy = Uint8Array | null;

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
export async function writeBackup({ state, target: named, force, now }: BackupOptions): Promise<Written> {
  const target = force ? await realpath(named).catch(() => named) : named; // what a link names is replaced, not the link
  const database = await onlyOne(await databasesIn(dataIn(state)), "database", state);
  if (database === null) throw new Error(`${resolve(state)} is no state folder of a hub; name it by --state DIR`);
  await requireOutside(state, target);
  const found = await lstat(target).catch(() => null); // a link to a file that is not there is something, too
  if (found !== null && !force) throw new Error(`${target} exists; --force replaces it`);
  if (found !== null && !found.isFile()) throw new Error(`${target} is not a file`);
  const part = `${target}.${randomBytes(PART_BYTES).toString("hex")}.part`;
  try {
    // The objects first: the database then has every event that the bridge has read.
    const objects = await copiesOfObjects(state, `${part}.object`);
    await copyDatabase(database, part);
    const label = {
      ...({ format: FORMAT, made_at: now, hub_version: HUB_VERSION } as const),
      ...objects,
      hub_id: await textOf(hubIdFile(state)),
      admin_token: await textOf(adminTokenFile(state)),
    };
    const summary = labelled(part, state, label);
    const { size: bytes } = await stat(part);
    await publish(part, target, force);
    const { hub_id, admin_token } = label;
    return { ...summary, hub_id, bytes, hasKeys: objects.federation !== null, hasToken: admin_token !== null };
  } finally {
    await removeDatabase(part);
  }
}

/** The hub's own files may not be replaced, whatever way leads to them. */
async function requireOutside(state: string, target: string): Promise<void> {
  const folder = await realpath(dirname(resolve(target))).catch(() => dirname(resolve(target)));
  const way = relative(await realpath(state), folder);
  const isInside = way === "" || !(way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way));
  if (isInside) throw new Error(`${target} lies in the state folder; choose a place outside of it`);
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

async function copiesOfObjects(state: string, temporary: string): Promise<Record<KeptObject["column"], Copy>> {
  const copies: Record<KeptObject["column"], Copy> = { federation: null, nats_bridge: null };
  for (const object of KEPT_OBJECTS) copies[object.column] = await copyOf(object, state, temporary);
  return copies;
}

/** Returns null when the hub has not used the object. */
async function copyOf(object: KeptObject, state: string, temporary: string): Promise<Copy> {
  const file = await onlyOne(await objectsIn(dataIn(state), object), `${object.class_name} object`, state);
  if (file === null) return null;
  try {
    await copyDatabase(file, temporary);
    return await readFile(temporary);
  } finally {
    await removeDatabase(temporary);
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

/** After an error, SQLite leaves the journal of the file beside it. */
async function removeDatabase(file: string): Promise<void> {
  for (const each of [file, `${file}-journal`]) await rm(each, { force: true });
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
    if ((await lstat(target).catch(() => null)) !== null) throw new Error(`${target} exists; --force replaces it`);
    if (!(error instanceof Error && "code" in error)) throw error;
    await rename(part, target);
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function onlyOne(files: string[], what: string, state: string): Promise<string | null> {
  if (files.length > 1)
    throw new Error(`${resolve(state)} has ${files.length} files of a ${what}: ${files.join(", ")}`);
  return files[0] ?? null;
}
