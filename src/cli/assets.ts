/** Puts together dist/assets, the files that the hub serves as they are. */
import { copyFile, mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const DOCS_FILES = ["swagger-ui.css", "swagger-ui-bundle.js"];
/** Beside the assets, because everything among them is served. */
const STAMP = "dashboard-built";

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

/** Nothing to do in a checkout without a dashboard. */
async function buildDashboard({ root, target }: AssetSources): Promise<void> {
  const source = join(root, "src/dashboard");
  const changed = await newestChange([source, join(root, "src/core"), join(root, "package-lock.json")]);
  const hasDashboard = (await changedAt(join(source, "index.html"))) > 0;
  const stamp = join(dirname(target), STAMP);
  if (!hasDashboard || (await changedAt(stamp)) > changed) return;
  await rm(stamp, { force: true });
  const { build } = await import("vite");
  await build({ root: source, logLevel: "warn", build: { outDir: target, emptyOutDir: false } });
  await writeFile(stamp, "");
}

/** Unix ms; 0 when there is no such file. */
async function changedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? 0;
}

/** The newest change of the files and of everything inside the folders. */
async function newestChange(paths: readonly string[]): Promise<number> {
  const inside = await Promise.all(
    paths.map(async (path) => {
      const names = await readdir(path, { recursive: true }).catch(() => []);
      return [path, ...names.map((name) => join(path, name))];
    }),
  );
  return Math.max(...(await Promise.all(inside.flat().map(changedAt))));
}
