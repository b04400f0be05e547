/** Puts together dist/assets, the files that the hub serves as they are. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const DOCS_FILES = ["swagger-ui.css", "swagger-ui-bundle.js"];
/** Beside the assets, because everything among them is served. */
const STAMP = "dashboard-built";
/** What the dashboard is made of, below the checkout. */
const DASHBOARD_SOURCES = ["src/dashboard", "src/core", "package-lock.json"];
/** The page itself: written last, so that whatever it names is there. */
const PAGE = "index.html";
/** The folder of the files whose names carry a hash of their content. */
const HASHED = "app";

export interface AssetSources {
  /** The checkout. */
  root: string;
  /** Made when absent. */
  target: string;
}

/** Skips what is fresh. */
export async function buildAssets({ root, target }: AssetSources): Promise<void> {
  await mkdir(join(target, "docs"), { recursive: true });
  await buildDashboard({ root, target });
  const swagger = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  await Promise.all(DOCS_FILES.map((name) => copyIfChanged(join(swagger, name), join(target, "docs", name))));
}

async function copyIfChanged(source: string, target: string): Promise<void> {
  const [from, to] = await Promise.all([stat(source), stat(target).catch(() => null)]);
  if (to !== null && to.size === from.size && Math.abs(to.mtimeMs - from.mtimeMs) < 1_000) return;
  await replace(source, target);
  await utimes(target, from.atime, from.mtime);
}

/** Nothing to do in a checkout without a dashboard, or when its sources are what it was last built from. */
async function buildDashboard({ root, target }: AssetSources): Promise<void> {
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

/** In a process of its own, so that it is for production whatever this one runs for, and gives its memory back. */
async function runVite(source: string, target: string): Promise<void> {
  const { resolve } = createRequire(import.meta.url);
  const program = join(dirname(resolve("vite/package.json")), "bin/vite.js");
  const options = ["--outDir", target, "--emptyOutDir", "false", "--assetsDir", HASHED, "--logLevel", "warn"];
  const env = { ...process.env, NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [program, "build", source, ...options], { env });
}

/**
 * Keeps the files of the build before, `previous`, for who has its page open. Answers the names of the new ones. Another
 * hub may be serving the target meanwhile.
 */
async function install(fresh: string, target: string, previous: readonly string[]): Promise<string[]> {
  const hashed = await listed(join(fresh, HASHED));
  const kept = new Set([...hashed, ...previous]);
  await mkdir(join(target, HASHED), { recursive: true });
  const others = (await listed(fresh)).filter((name) => name !== HASHED && name !== PAGE);
  for (const name of [...others, ...hashed.map((each) => join(HASHED, each))]) {
    await replace(join(fresh, name), join(target, name));
  }
  await rename(join(fresh, PAGE), join(target, PAGE));
  const gone = (await listed(join(target, HASHED))).filter((name) => !kept.has(name));
  await Promise.all(gone.map((name) => rm(join(target, HASHED, name), { force: true })));
  return hashed;
}

/** At once, for whoever reads it: never half a file. */
async function replace(source: string, target: string): Promise<void> {
  const temporary = `${target}.${process.pid}`;
  await copyFile(source, temporary);
  await rename(temporary, target);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function listed(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

/** Of the files, and of everything inside the folders, by name and content. */
async function digestOf(paths: readonly string[]): Promise<string> {
  const files = (await Promise.all(paths.map(filesOf))).flat().sort();
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(await readFile(file))
      .update("\0");
  return hash.digest("hex");
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null);
  if (found === null) return [];
  if (found.isFile()) return [path];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
