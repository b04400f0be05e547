/**
 * The heavy steps before a hub runs. Each step has its own process. Otherwise wrangler, esbuild and the runtime for the
 * migrations would stay in the memory of the hub until it ends.
 */
import { fork } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { BuildCache } from "../build/build-cache.ts";
import { hasMigrations } from "./applied-migrations.ts";
import type { LocalDatabaseOptions } from "./local-database.ts";
import { migrationSchema } from "./migrations.ts";
import type { Step } from "./prepare-process.ts";
import { workerOptionsSchema } from "./worker-options.ts";

/** Debian's name for the home of users that have none. */
const NO_HOME = "/nonexistent";
const PROGRAM = fileURLToPath(new URL("./prepare-process.ts", import.meta.url));

const projectSchema = z.object({
  /** The entry module of the Worker's source, an absolute path. */
  source: z.string(),
  worker: workerOptionsSchema,
  migrations: z.array(migrationSchema),
});
const resultSchema = z.union([z.object({ failed: z.string() }), z.object({ done: z.unknown() })]);

export type Project = z.infer<typeof projectSchema>;

/**
 * Returns what a hub needs to know about the checkout `root`. Throws when wrangler.toml or a migration can't be read.
 */
export async function readProject(root: string): Promise<Project> {
  return projectSchema.parse(await inOwnProcess({ name: "read", root }));
}

/** As `readProject`, but wrangler is only loaded when the sources have changed since an earlier start. */
export async function readProjectOnce(root: string, cache: BuildCache): Promise<Project> {
  const kept = await cache.project();
  if (kept !== undefined) return projectSchema.parse(kept);
  const project = await readProject(root);
  await cache.keepProject(project);
  return project;
}

interface HubOptions extends LocalDatabaseOptions {
  /** The entry module of the Worker's source. */
  source: string;
  /** The folder for the bundled Worker. */
  folder: string;
}

/**
 * Bundles the Worker and applies migrations to the database, with the runtime of MINIFLARE_WORKERD_PATH. Does neither
 * when there is nothing to do. Throws an error that lists every error in the source with its place, or that names the
 * migration that failed.
 */
export async function buildHub({ source, folder, ...database }: HubOptions, cache: BuildCache): Promise<void> {
  const isBuilt = await cache.copyWorker(folder);
  const isMigrated = await hasMigrations(database.data, database.migrations);
  if (isBuilt && isMigrated) return;
  const bundle = isBuilt ? null : { source, folder };
  await inOwnProcess({ name: "build", bundle, database: isMigrated ? null : database });
  if (!isBuilt) await cache.keepWorker(folder);
}

async function inOwnProcess(step: Step): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  // Ctrl-C reaches every attached process of the terminal. Only the hub shall react to it, so the child is detached.
  const child = fork(PROGRAM, { execArgv: [], detached: true, env: await wranglerEnvironment() });
  child.once("message", resolve);
  child.once("error", reject);
  child.once("exit", (code, signal) => reject(new Error(`the step "${step.name}" ended with ${signal ?? code}`)));
  child.send(step, (error) => error !== null && reject(error));
  const result = resultSchema.parse(await promise);
  if ("failed" in result) throw new Error(result.failed);
  return result.done;
}

/** Wrangler shall write no logs, and ends when it may not look into the home folder, which may be another user's. */
async function wranglerEnvironment(): Promise<NodeJS.ProcessEnv> {
  const environment = { ...process.env, WRANGLER_WRITE_LOGS: "false" };
  const isOpen = await access(homedir(), constants.X_OK).then(
    () => true,
    () => false,
  );
  return isOpen ? environment : { ...environment, HOME: NO_HOME };
}
