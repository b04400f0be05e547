/** Where a local hub keeps what a backup needs. The names of the files are those that the runtime gives them. */
import { createHash, createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** In the folder of the runtime's data. */
const DATABASES = "d1/miniflare-D1DatabaseObject";
const OBJECTS = "do";
const FEDERATION_CLASS = "-Federation";
/** The name of the only object of the class. */
const FEDERATION_OBJECT = "federation";
const OBJECT_FILE = /^[0-9a-f]{64}\.sqlite$/;
const HALF_ID_BYTES = 16;

/** In the state folder: the runtime's data, in the layout of `wrangler … --local --persist-to DIR`. */
export const dataIn = (state: string) => join(state, "v3");
export const adminTokenFile = (state: string) => join(state, "admin-token");
/** The HUB_ID of the newest start. */
export const hubIdFile = (state: string) => join(state, "hub-id");

/** Returns the paths of the databases in the folder `data`. A hub has one. */
export async function databasesIn(data: string): Promise<string[]> {
  return await objectFiles(join(data, DATABASES));
}

/** Returns the files of the objects that keep the keys of a hub, in the folder `data`. A hub that has run has one. */
export async function federationsIn(data: string): Promise<string[]> {
  const classes = (await readdir(join(data, OBJECTS)).catch(() => [])).filter((name) =>
    name.endsWith(FEDERATION_CLASS),
  );
  return (await Promise.all(classes.map((name) => objectFiles(join(data, OBJECTS, name))))).flat();
}

/** `id`: of the database, as in wrangler.toml. */
export function databaseFile(data: string, id: string): string {
  return join(data, DATABASES, objectFile("miniflare-D1DatabaseObject", id));
}

/** `worker`: its name in wrangler.toml. */
export function federationFile(data: string, worker: string): string {
  const unique = `${worker}${FEDERATION_CLASS}`;
  return join(data, OBJECTS, unique, objectFile(unique, FEDERATION_OBJECT));
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
function objectFile(unique: string, name: string): string {
  const key = createHash("sha256").update(unique).digest();
  const digest = (data: string | Buffer) => createHmac("sha256", key).update(data).digest().subarray(0, HALF_ID_BYTES);
  const half = digest(name);
  return `${Buffer.concat([half, digest(half)]).toString("hex")}.sqlite`;
}
