/** Puts a backup into a state folder that has no hub yet. */
import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { nextEpoch } from "../core/service/epoch.ts";
import { messageOf } from "../core/values/error-message.ts";
import { type Label, migrationsIn, type Reader, readLabel, refusalOf, type Summary, summaryOf } from "./label.ts";
import { adminTokenFile, databaseFile, dataIn, KEPT_OBJECTS, objectFile } from "./state-files.ts";

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
/** The beginning of the name of a folder in the state folder. */
const STAGED = "restoring-";
const SQLITE_HEADER = "SQLite format 3\0";
/** Of an epoch, after its time: as many digits as the hub itself takes. */
const RANDOM_BYTES = 4;

export interface RestoreOptions {
  /** The backup. */
  file: string;
  /** The state folder. The caller holds its lock. */
  state: string;
  /** The id of the hub's database and the name of its Worker, as in wrangler.toml. */
  database: string;
  worker: string;
  reader: Reader;
  /** Unix ms. */
  now: number;
}

export interface Restored extends Summary, Pick<Label, "made_at" | "hub_version" | "hub_id"> {
  /** Whether others than its owner can read or change the backup. */
  isOpen: boolean;
}

/**
 * Another epoch begins in what is restored, so lanes, board, other hubs and JetStream take nothing for known that they
 * knew of the database before. The folder has either all of the hub or, after an error, none; its token comes last. Throws
 * an error that says why the file can't be restored.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { file, state, database, worker, reader, now } = options;
  requireNoHub(state);
  await privately(state);
  await removeLeftovers(state, file);
  const staged = await mkdtemp(join(state, STAGED));
  try {
    const { mode } = await stat(file);
    const copy = databaseFile(staged, database);
    await privately(dirname(copy));
    await copyFile(file, copy);
    await chmod(copy, OWNER_ONLY);
    const { label, summary } = prepared(copy, reader, now);
    for (const object of KEPT_OBJECTS) {
      const content = label[object.column];
      if (content === null) continue;
      if (!isDatabase(content)) throw new Error(`it is damaged: it has no ${object.class_name} object`);
      await keep(objectFile(staged, worker, object), content);
    }
    await rename(staged, dataIn(state));
    // Last: what fails before leaves the folder its own token.
    if (label.admin_token !== null) await keep(adminTokenFile(state), `${label.admin_token}\n`);
    const { made_at, hub_version, hub_id } = label;
    return { ...summary, made_at, hub_version, hub_id, isOpen: (mode & OTHERS) !== 0 };
  } catch (error) {
    throw new Error(`${file} is not restored: ${messageOf(error)}`);
  } finally {
    await rm(staged, { recursive: true, force: true });
  }
}

/** Of restores that were killed: they have secrets. The backup itself may lie in one. */
async function removeLeftovers(state: string, file: string): Promise<void> {
  for (const name of await readdir(state)) {
    const folder = join(state, name);
    if (name.startsWith(STAGED) && !resolve(file).startsWith(resolve(folder) + sep))
      await rm(folder, { recursive: true });
  }
}

function isDatabase(content: Uint8Array): boolean {
  return new TextDecoder().decode(content.subarray(0, SQLITE_HEADER.length)) === SQLITE_HEADER;
}

/** Throws an error that says how to go on when the folder has a hub. */
function requireNoHub(state: string): void {
  // A link that leads nowhere may be a disk that is not mounted.
  if (lstatSync(dataIn(state), { throwIfNoEntry: false }) === undefined) return;
  throw new Error(`${state} has a hub, and a backup is restored only where none is: choose another folder by --state DIR,
or move this one away (mv ${state} ${state}.before). Without --restore, the hub that is there starts.`);
}

/** Checks the copy and makes it the database of a hub again. */
function prepared(copy: string, reader: Reader, now: number): { label: Label; summary: Summary } {
  const database = new DatabaseSync(copy);
  try {
    // A copy that is not whole is removed, so it needs no journal. What is dropped is overwritten: it has secrets.
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA secure_delete = ON");
    const label = readLabel(database);
    const refusal = refusalOf(label, migrationsIn(database), reader);
    if (refusal !== null) throw new Error(refusal);
    requireSound(database);
    const summary = summaryOf(database);
    database.exec("BEGIN; DROP TABLE hub_backup");
    beginEpoch(database, now);
    database.exec("COMMIT");
    return { label, summary };
  } finally {
    database.close();
  }
}

function requireSound(database: DatabaseSync): void {
  const [first] = database.prepare("PRAGMA integrity_check(1)").all();
  if (first?.integrity_check !== "ok") throw new Error(`it is damaged: ${String(first?.integrity_check)}`);
}

/** As `newEpoch` in store/registry-changes.ts does. */
function beginEpoch(database: DatabaseSync, now: number): void {
  const { epoch } = z.object({ epoch: z.string() }).parse(database.prepare("SELECT epoch FROM registry").get());
  const next = nextEpoch(epoch, now, randomBytes(RANDOM_BYTES).toString("hex"));
  database.prepare("UPDATE registry SET epoch = ?").run(next);
  database.exec("DELETE FROM registry_marks");
}

async function keep(path: string, content: string | Uint8Array): Promise<void> {
  await privately(dirname(path));
  const fresh = `${path}.restoring`;
  await writeFile(fresh, content, { mode: OWNER_ONLY, flush: true });
  await rename(fresh, path);
}

async function privately(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}
