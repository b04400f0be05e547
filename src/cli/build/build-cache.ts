/**
 * Keeps what a start makes from the sources of the checkout, so that the next start from the same sources needs neither
 * wrangler nor esbuild. They take more processor time than everything else in a start.
 */
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestOf } from "./digest.ts";

/** Wrangler and esbuild read these files and folders of the checkout. */
export const SOURCES = ["src", "migrations", "wrangler.toml", "tsconfig.json", "package.json", "package-lock.json"];
/** Wrangler also reads these files. They may contain secrets, so nothing of a checkout that has one is kept. */
const SECRETS = /^\.(dev\.vars|env)/;
/** With one of these variables, wrangler reads the configuration in another way. */
const VARIABLES = ["CLOUDFLARE_ENV", "CLOUDFLARE_INCLUDE_PROCESS_ENV"];
const PROJECT = "project.json";
const WORKER = "worker";

export interface BuildCache {
  /** Returns what `keepProject` has kept; undefined: nothing. */
  project(): Promise<unknown>;
  keepProject(project: unknown): Promise<void>;
  /** Copies the kept Worker to the folder. Returns false when none is kept. */
  copyWorker(folder: string): Promise<boolean>;
  /** Keeps a copy of the folder of a bundled Worker. */
  keepWorker(folder: string): Promise<void>;
}

const NO_CACHE: BuildCache = {
  project: async () => undefined,
  keepProject: async () => {},
  copyWorker: async () => false,
  keepWorker: async () => {},
};

/** Where builds are kept, and what they are made from. */
export interface BuildPlace {
  /** In the folder of what is made from the checkout, see output-folder.ts. */
  folder: string;
  /** Paths in the checkout. */
  sources: readonly string[];
}

const BUILDS: BuildPlace = { folder: "builds", sources: SOURCES };

/** Opens the cache of the checkout `root` for its sources as they are now, and removes what is kept of other sources. */
export async function openBuildCache(
  root: string,
  environment: Readonly<Record<string, string | undefined>>,
  place: BuildPlace = BUILDS,
  output: string = join(root, "dist"),
): Promise<BuildCache> {
  const hasSecrets = (await readdir(root)).some((name) => SECRETS.test(name));
  if (hasSecrets || VARIABLES.some((name) => environment[name] !== undefined)) return NO_CACHE;
  const digestNow = () => digestOf(place.sources.map((name) => join(root, name)));
  const digest = await digestNow();
  const builds = join(output, place.folder);
  const kept = join(builds, digest);
  await keepOnly(digest, builds);
  /** Of sources that have changed in the meantime, nothing is kept. */
  const keep = async (name: string, write: (path: string) => Promise<void>) => {
    if ((await digestNow()) === digest) await writeInOneStep(join(kept, name), write);
  };
  return {
    project: async () => {
      const text = await readFile(join(kept, PROJECT), "utf8").catch(() => null);
      return text === null ? undefined : JSON.parse(text);
    },
    keepProject: (project) => keep(PROJECT, (path) => writeFile(path, JSON.stringify(project))),
    copyWorker: (folder) =>
      cp(join(kept, WORKER), folder, { recursive: true }).then(
        () => true,
        () => false,
      ),
    keepWorker: (folder) => keep(WORKER, (path) => cp(folder, path, { recursive: true })),
  };
}

/** A hub that starts from other sources at the same time then finds nothing, and builds. What can't be removed stays. */
async function keepOnly(digest: string, builds: string): Promise<void> {
  const names = await readdir(builds).catch(() => []);
  const others = names.filter((name) => name !== digest);
  await Promise.allSettled(others.map((name) => rm(join(builds, name), { recursive: true, force: true })));
}

/** Nobody sees half of what is written. When it can't be written, the next start makes it again. */
async function writeInOneStep(path: string, write: (path: string) => Promise<void>): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  try {
    await mkdir(join(path, ".."), { recursive: true });
    await write(fresh);
    await rename(fresh, path);
  } catch {
    await rm(fresh, { recursive: true, force: true });
  }
}
