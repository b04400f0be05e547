/** Reads from the file of the local database which migrations it has. A runtime for the question would take a second. */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { databasesIn } from "../../backup/state-files.ts";
import type { Migration } from "./migrations.ts";

const rowsSchema = z.array(z.object({ name: z.string() }));

/**
 * Whether the only database in the folder `data` has all of the migrations. False also when the file can't be read, or
 * when there are several databases. Nothing else may use the database.
 */
export async function hasMigrations(data: string, migrations: readonly Migration[]): Promise<boolean> {
  const [file, ...others] = await databasesIn(data);
  if (file === undefined || others.length > 0) return false;
  try {
    const applied = new Set(readNames(file));
    return migrations.every((migration) => applied.has(migration.name));
  } catch {
    return false;
  }
}

/**
 * Returns what the databases in the folder `data` have that is none of the migrations, in order. A file that can't be
 * read has nothing. Nothing else may use the databases.
 */
export async function unknownMigrations(data: string, migrations: readonly Migration[]): Promise<string[]> {
  const known = new Set(migrations.map(({ name }) => name));
  const applied = (await databasesIn(data)).flatMap((file) => {
    try {
      return readNames(file);
    } catch {
      return [];
    }
  });
  return applied.filter((name) => !known.has(name)).sort();
}

function readNames(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return rowsSchema.parse(database.prepare("SELECT name FROM d1_migrations").all()).map(({ name }) => name);
  } finally {
    database.close();
  }
}
