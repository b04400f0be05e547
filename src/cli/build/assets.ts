/** Makes the assets: the files that the hub serves without changes. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { digestOf } from "./digest.ts";

/** This file identifies the sources of the last build. It is not among the assets, because the hub serves them all. */
const STAMP = "dashboard-built";
/** The dashboard is built from these files and folders of the checkout. */
const DASHBOARD_SOURCES = ["src/dashboard", "src/client", "src/core", "package-lock.json"];
/** The page is written last, and the hashed files first, so that what a file names exists. */
const PAGE = "index.html";
/** In this folder, each file name contains a hash of the file's content. */
const HASHED_FOLDER = "app";

interface AssetFolders {
  /** The checkout. */
  root: string;
  /** The folder of the assets. It is made when it does not exist. */
  target: string;
}

/** Does nothing when the checkout has no dashboard, or when the sources have not changed since the last build. */
export async function buildAssets({ root, target }: AssetFolders): Promise<void> {
  await mkdir(target, { recursive: true });
  const source = join(root, "src/dashboard");
  if (!(await exists(join(source, PAGE)))) return;
  const digest = await digestOf(DASHBOARD_SOURCES.map((name) => join(root, name)));
  const stamp = join(dirname(target), STAMP);
  const [built, ...files] = (await readFile(stamp, "utf8").catch(() => "")).split("\n");
  if (built === digest && (await exists(join(target, PAGE)))) return;
  const fresh = await mkdtemp(join(dirname(target), "dashboard-"));
  try {
    await runVite(source, fresh);
    const installed = await install(fresh, target, files);
    await writeFile(stamp, [digest, ...installed].join("\n"));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Vite runs in its own process with its own NODE_ENV. Its memory is freed when the process ends. */
async function runVite(source: string, target: string): Promise<void> {
  const { resolve } = createRequire(import.meta.url);
  const program = join(dirname(resolve("vite/package.json")), "bin/vite.js");
  const options = ["--outDir", target, "--emptyOutDir", "false", "--assetsDir", HASHED_FOLDER, "--logLevel", "warn"];
  // Otherwise Vite writes a copy of its configuration into node_modules, which may belong to another user.
  options.push("--configLoader", "native");
  const env = { ...process.env, NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [program, "build", source, ...options], { env });
}

/**
 * Keeps `previous`, the hashed files of the last build, because browsers may still show its page. Returns the names of
 * the new hashed files. Another hub may list or serve the files of `target` at the same time, so each comes there whole
 * and by one step.
 */
async function install(fresh: string, target: string, previous: readonly string[]): Promise<string[]> {
  const hashed = await namesIn(join(fresh, HASHED_FOLDER));
  const kept = new Set([...hashed, ...previous]);
  const inHashedFolder = hashed.map((name) => join(HASHED_FOLDER, name));
  const others = (await filesIn(fresh)).filter((name) => !inHashedFolder.includes(name) && name !== PAGE);
  for (const name of [...inHashedFolder, ...others, PAGE]) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await rename(join(fresh, name), join(target, name));
  }
  const obsolete = (await namesIn(join(target, HASHED_FOLDER))).filter((name) => !kept.has(name));
  await Promise.all(obsolete.map((name) => rm(join(target, HASHED_FOLDER, name), { force: true })));
  return hashed;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

/** Returns the names of the files at any depth. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}
