/** Where a start keeps what it makes from the sources of the checkout. */
import { access, constants, cp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeStateFolder } from "../start/state-folder.ts";

const OUTPUT = "dist";
/** The folders in it that a start writes to. */
const WRITTEN = ["", "builds", "assets", "assets/app", "assets/docs"];
/** Another start may have made these already. */
const MADE = ["assets", "dashboard-built", "builds"];

/**
 * Returns `dist` of the checkout; for a user who may not write there, the folder `dist` in the state folder, which
 * begins with what the checkout's has. Throws when the state folder can't be written to either.
 */
export async function outputFolder(root: string, state: string): Promise<string> {
  const shared = join(root, OUTPUT);
  if (await isWritable(root, shared)) return shared;
  const own = join(await makeStateFolder(state), OUTPUT);
  if (!(await exists(own))) await copyMade(shared, own);
  return own;
}

async function isWritable(root: string, output: string): Promise<boolean> {
  if (!(await exists(output))) return await may(root, constants.W_OK);
  const folders = WRITTEN.map((name) => join(output, name));
  const writable = await Promise.all(
    folders.map(async (folder) => !(await exists(folder)) || (await may(folder, constants.W_OK))),
  );
  return writable.every(Boolean);
}

/** In one step, as two hubs may start on the same folder. What can't be copied is made anew. */
async function copyMade(from: string, to: string): Promise<void> {
  const fresh = `${to}.${process.pid}`;
  const options = { recursive: true, preserveTimestamps: true };
  await Promise.all(MADE.map((name) => cp(join(from, name), join(fresh, name), options).catch(() => {})));
  await rename(fresh, to).catch(() => rm(fresh, { recursive: true, force: true }));
}

const exists = (path: string) => may(path, constants.F_OK);

async function may(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  );
}
