/** Where a local hub keeps what a backup needs. The names of the files are those that the runtime gives them. */
import { createHash, createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** In the folder of the runtime's data. */
const DATABASES = "d1/miniflare-D1DatabaseObject";
const OBJECTS = "do";
const OBJECT_FILE = /^[0-9a-f]{64}\.sqlite$/;
const HALF_ID_BYTES = 16;

/** An object that a backup has: it knows what is not in the database and can't be found out again. */
export interface KeptObject {
  /** Its column in the backup. */
  column: "federation" | "nats_bridge";
  class_name: string;
  /** Of the only object of the class. */
  name: string;
}

export const KEPT_OBJECTS: readonly KeptObject[] = [
  { column: "federation", class_name: "Federation", name: "federation" }, // the hub's keys
  { column: "nats_bridge", class_name: "NatsBridge", name: "bridge" }, // what JetStream was told, and what waits for it
];

/** In the state folder: the runtime's data, in the layout of `wrangler … --local --persist-to DIR`. */
export const dataIn = (state: string) => join(state, "v3");
export const adminTokenFile = (state: string) => join(state, "admin-token");
/** The HUB_ID of the newest start. */
export const hubIdFile = (state: string) => join(state, "hub-id");

/** Returns the paths of the databases in the folder `data`. A hub has one. */
export async function databasesIn(data: string): Promise<string[]> {
  return await objectFiles(join(data, DATABASES));
}

/** Returns the files of the object in the folder `data`. A hub that has used it has one. */
export async function objectsIn(data: string, { class_name }: KeptObject): Promise<string[]> {
  const folders = await readdir(join(data, OBJECTS)).catch(() => []);
  const classes = folders.filter((name) => name.endsWith(`-${class_name}`));
  return (await Promise.all(classes.map((name) => objectFiles(join(data, OBJECTS, name))))).flat();
}

/** `id`: of the database, as in wrangler.toml. */
export function databaseFile(data: string, id: string): string {
  return join(data, DATABASES, fileName("miniflare-D1DatabaseObject", id));
}

/** `worker`: its name in wrangler.toml. */
export function objectFile(data: string, worker: string, { class_name, name }: KeptObject): string {
  const unique = `${worker}-${class_name}`;
  return join(data, OBJECTS, unique, fileName(unique, name));
}

/** Returns the text of a small file without the end of its line; null when it is absent or empty. */
export async function textOf(file: string): Promise<string | null> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.trim() === "" ? null : text.trim();
}

async function objectFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => OBJECT_FILE.test(name)).map((name) => join(folder, name));
}

/** As the runtime derives the id of an object from the key of its class and from its name. */
function fileName(unique: string, name: string): string {
  const key = createHash("sha256").update(unique).digest();
  const digest = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, HALF_ID_BYTES);
  const half = digest(name);
  return `${Buffer.concat([half, digest(half)]).toString("hex")}.sqlite`;
}
