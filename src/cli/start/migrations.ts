/** Applies migrations to the local database the way `wrangler d1 migrations apply` does. */
import { z } from "zod";
import { messageOf } from "../../core/values/error-message.ts";

/** The same table as Wrangler's, so that this program and Wrangler see which migrations the other has applied. */
export const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

export const migrationSchema = z.object({
  /** The name of the file. Migrations are applied in the order of their names. */
  name: z.string(),
  statements: z.array(z.string()),
});

export type Migration = z.infer<typeof migrationSchema>;

interface Statement {
  bind(...values: string[]): Statement;
  all(): Promise<{ results: Record<string, unknown>[] }>;
}

/** The part of a D1 database that migrations need. */
export interface MigrationTarget<S extends Statement = Statement> {
  prepare(sql: string): S;
  batch(statements: S[]): Promise<unknown>;
}

/** Each migration is one transaction. Returns the names that were applied now, in order. */
export async function applyMigrations(database: MigrationTarget, migrations: readonly Migration[]): Promise<string[]> {
  await database.prepare(CREATE_TABLE).all();
  const applied = await database.prepare(`SELECT name FROM "d1_migrations"`).all();
  const done = new Set(applied.results.map((row) => row.name));
  const pending = migrations.filter(({ name }) => !done.has(name));
  for (const migration of pending) await applyOne(database, migration);
  return pending.map(({ name }) => name);
}

async function applyOne(database: MigrationTarget, { name, statements }: Migration): Promise<void> {
  const record = database.prepare(`INSERT INTO "d1_migrations" (name) VALUES (?)`).bind(name);
  try {
    await database.batch([...statements.map((part) => database.prepare(part)), record]);
  } catch (error) {
    throw new Error(`migration ${name} failed: ${messageOf(error)}`);
  }
}
