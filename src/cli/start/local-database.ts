/** Migrates the database of a local hub before the hub accepts its first request. */
import { applyMigrations, type Migration } from "./migrations.ts";
import { type RuntimePlace, startRuntime } from "./runtime.ts";
import { DATABASE_BINDING, type WorkerOptions } from "./worker-options.ts";

export interface LocalDatabaseOptions extends RuntimePlace {
  worker: Pick<WorkerOptions, "d1Databases">;
  migrations: readonly Migration[];
}

/**
 * Starts a short-lived runtime that has only the database, as `wrangler d1 migrations apply --local` does. The Worker
 * does not run there, because its Durable Objects would find no tables.
 */
export async function migrateLocalDatabase(options: LocalDatabaseOptions): Promise<void> {
  const { d1Databases } = options.worker;
  const runtime = await startRuntime(options, { modules: true, script: "export default {}", d1Databases });
  try {
    await applyMigrations(await runtime.getD1Database(DATABASE_BINDING), options.migrations);
  } finally {
    await runtime.dispose();
  }
}
