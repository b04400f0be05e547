/** Puts together dist/assets, the files that the hub serves as they are. */
import { createHash } from "node:crypto";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

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

/** By way of a temporary file, because another hub may be serving the old one. */
async function copyIfChanged(source: string, target: string): Promise<void> {
  const [from, to] = await Promise.all([stat(source), stat(target).catch(() => null)]);
  if (to !== null && to.size === from.size && Math.abs(to.mtimeMs - from.mtimeMs) < 1_000) return;
  const temporary = `${target}.${process.pid}`;
  await copyFile(source, temporary);
  await utimes(temporary, from.atime, from.mtime);
  await rename(temporary, target);
}

/** Nothing to do in a checkout without a dashboard, or when its sources are what it was last built from. */
async function buildDashboard({ root, target }: AssetSources): Promise<void> {
  const source = join(root, "src/dashboard");
  if (!(await exists(join(source, PAGE)))) return;
  const digest = await digestOf(DASHBOARD_SOURCES.map((name) => join(root, name)));
  const stamp = join(dirname(target), STAMP);
  const built = await readFile(stamp, "utf8").catch(() => "");
  if (built === digest && (await exists(join(target, PAGE)))) return;
  const { build } = await import("vite");
  const fresh = await mkdtemp(join(dirname(target), "dashboard-"));
  try {
    await build({ root: source, logLevel: "warn", build: { outDir: fresh, emptyOutDir: false, assetsDir: HASHED } });
    await install(fresh, target);
    await writeFile(stamp, digest);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** A page that is open keeps the files it names until the next build. */
async function install(fresh: string, target: string): Promise<void> {
  const page = await readFile(join(target, PAGE), "utf8").catch(() => "");
  const kept = new Set(await listed(join(fresh, HASHED)));
  const gone = (await listed(join(target, HASHED))).filter((name) => !kept.has(name) && !page.includes(name));
  await cp(fresh, target, { recursive: true, filter: (path) => path !== join(fresh, PAGE) });
  await rename(join(fresh, PAGE), join(target, PAGE));
  await Promise.all(gone.map((name) => rm(join(target, HASHED, name), { force: true })));
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
