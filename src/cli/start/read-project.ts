/** Reads a checkout with wrangler, which takes 200 MB of memory. Only a process that ends soon may import this file. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  unstable_readConfig as readConfig,
  unstable_splitSqlQuery as splitSql,
  unstable_getMiniflareWorkerOptions as workerOptionsOf,
} from "wrangler";
import type { Migration } from "./migrations.ts";

/** Returns a value for `projectSchema`. `bindings` contains the vars of wrangler.toml and of `.dev.vars`. */
export async function readProject(root: string): Promise<unknown> {
  const config = readConfig({ config: join(root, "wrangler.toml") });
  return {
    source: config.main,
    worker: { ...workerOptionsOf(config).workerOptions, name: config.name },
    migrations: await readMigrations(join(root, "migrations")),
  };
}

/** Returns the migrations of `directory/*.sql`, in the order of their names. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  return await Promise.all(
    names.map(async (name) => {
      const statements = splitSql(await readFile(join(directory, name), "utf8"));
      return { name, statements: statements.filter((part) => part.trim() !== "") };
    }),
  );
}
