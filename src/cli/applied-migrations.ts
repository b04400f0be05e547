/** Reads from the file of the local database which migrations it has. A runtime for the question would take a second. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Migration } from "./migrations.ts";

/** The folder where Miniflare keeps the files of D1. */
const DATABASES = "d1/miniflare-D1DatabaseObject";
const DATABASE = /^[0-9a-f]{64}\.sqlite$/;
const rowsSchema = z.array(z.object({ name: z.string() }));

/**
 * Whether the only database in the folder `data` has all of the migrations. False also when the file can't be read, or
 * when there are several databases. Nothing else may use the database.
 */
export async function hasMigrations(data: string, migrations: readonly Migration[]): Promise<boolean> {
  const folder = join(data, DATABASES);
  const names = (await readdir(folder).catch(() => [])).filter((name) => DATABASE.test(name));
  const [name] = names;
  if (name === undefined || names.length > 1) return false;
  try {
    const applied = new Set(readNames(join(folder, name)));
    return migrations.every((migration) => applied.has(migration.name));
  } catch {
    return false;
  }
}

function readNames(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return rowsSchema.parse(database.prepare("SELECT name FROM d1_migrations").all()).map(({ name }) => name);
  } finally {
    database.close();
  }
}
