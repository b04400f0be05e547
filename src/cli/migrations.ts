/** Applies migrations/*.sql to the local database the way `wrangler d1 migrations apply` does. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { unstable_splitSqlQuery as splitSql } from "wrangler";
import { messageOf } from "./error-message.ts";

/** Wrangler's own table, statement for statement, so that either of them sees what the other applied. */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

interface Statement {
  bind(...values: string[]): Statement;
  all(): Promise<{ results: Record<string, unknown>[] }>;
}

/** The part of a D1 database that migrations need. */
export interface MigrationTarget<S extends Statement = Statement> {
  prepare(sql: string): S;
  batch(statements: S[]): Promise<unknown>;
}

/** Each file is one transaction. Answers the names that were applied now, in order. */
export async function applyMigrations(database: MigrationTarget, directory: string): Promise<string[]> {
  await database.prepare(CREATE_TABLE).all();
  const applied = await database.prepare(`SELECT name FROM "d1_migrations"`).all();
  const done = new Set(applied.results.map((row) => row.name));
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql") && !done.has(name)).sort();
  for (const name of names) await applyOne(database, directory, name);
  return names;
}

async function applyOne(database: MigrationTarget, directory: string, name: string): Promise<void> {
  const statements = splitSql(await readFile(join(directory, name), "utf8")).filter((part) => part.trim() !== "");
  const noted = database.prepare(`INSERT INTO "d1_migrations" (name) VALUES (?)`).bind(name);
  try {
    await database.batch([...statements.map((part) => database.prepare(part)), noted]);
  } catch (error) {
    throw new Error(`migration ${name} failed: ${messageOf(error)}`);
  }
}
