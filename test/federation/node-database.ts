/** The hub's database in this process: SQLite with the hub's own migrations, behind the interface of D1. */
import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { D1Database } from "@cloudflare/workers-types/experimental";
import { type Db, openDatabase } from "../../src/store/database.ts";

const FOLDER = `${import.meta.dirname}/../../migrations/`;
const MIGRATIONS = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".sql"))
  .sort()
  .map((name) => readFileSync(FOLDER + name, "utf8"))
  .join("\n");

export interface NodeDatabase {
  db: Db;
  d1: D1Database;
  /** The file's bytes, as a backup has them. */
  backup(): Backup;
  restore(backup: Backup): void;
  /** What the table and its indexes take up. Empties the table. */
  bytesOf(table: string): number;
}

export type Backup = Map<string, { columns: string[]; rows: Record<string, SQLInputValue>[] }>;

const TABLES = [
  ...["projects", "services", "flips", "registry", "registry_marks", "service_revisions"],
  ...["hubs", "remote_services", "hub_flips", "sqlite_sequence"],
];

export function nodeDatabase(): NodeDatabase {
  const sqlite = new DatabaseSync(":memory:");
  sqlite.exec("PRAGMA foreign_keys = ON");
  sqlite.exec(MIGRATIONS);
  const triggers = sqlite
    .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all() as unknown as Trigger[];
  const asD1 = d1(sqlite);
  return {
    db: openDatabase(asD1),
    d1: asD1,
    backup: () =>
      new Map(
        TABLES.map((table) => {
          const stored = sqlite.prepare(`PRAGMA table_info(${table})`).all(); // without columns that are computed
          const columns = stored.map(({ name }) => String(name));
          const rows = sqlite.prepare(`SELECT ${columns.join()} FROM ${table}`).all();
          return [table, { columns, rows: rows as Record<string, SQLInputValue>[] }];
        }),
      ),
    bytesOf: (table) => {
      const before = pages(sqlite);
      sqlite.exec(`DELETE FROM ${table}; VACUUM`);
      return (before - pages(sqlite)) * PAGE_BYTES;
    },
    restore(backup) {
      sqlite.exec("PRAGMA foreign_keys = OFF; BEGIN");
      for (const { name } of triggers) sqlite.exec(`DROP TRIGGER ${name}`);
      for (const [table, { columns, rows }] of backup) {
        sqlite.exec(`DELETE FROM ${table}`);
        if (rows.length === 0) continue;
        const insert = sqlite.prepare(
          `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map(() => "?").join()})`,
        );
        for (const row of rows) insert.run(...columns.map((column) => row[column] ?? null));
      }
      for (const { sql } of triggers) sqlite.exec(sql);
      sqlite.exec("COMMIT; PRAGMA foreign_keys = ON");
    },
  };
}

const PAGE_BYTES = 4_096;

/** Pages in use, once what is free has gone. */
function pages(sqlite: DatabaseSync): number {
  sqlite.exec("VACUUM");
  return Number(sqlite.prepare("PRAGMA page_count").get()?.page_count);
}

interface Trigger {
  name: string;
  sql: string;
}

interface Prepared {
  sql: string;
  values: SQLInputValue[];
}

function d1(sqlite: DatabaseSync): D1Database {
  const known = new Map<string, StatementSync>();
  const preparedOnce = (sql: string) => {
    const statement = known.get(sql) ?? sqlite.prepare(sql);
    known.set(sql, statement);
    return statement;
  };
  const all = ({ sql, values }: Prepared) => {
    const results = preparedOnce(sql).all(...values);
    return { success: true, results, meta: { changes: Number(preparedOnce("SELECT changes() AS n").get()?.n ?? 0) } };
  };
  const prepared = (statement: Prepared): object => ({
    ...statement,
    bind: (...values: SQLInputValue[]) => prepared({ ...statement, values }),
    all: async () => all(statement),
    run: async () => all(statement),
    raw: async () => {
      const query = sqlite.prepare(statement.sql);
      query.setReturnArrays(true);
      return query.all(...statement.values);
    },
  });
  const database = {
    prepare: (sql: string) => prepared({ sql, values: [] }),
    async batch(statements: Prepared[]) {
      sqlite.exec("BEGIN");
      try {
        const results = statements.map(all);
        sqlite.exec("COMMIT");
        return results;
      } catch (error) {
        sqlite.exec("ROLLBACK");
        throw error;
      }
    },
  };
  return database as unknown as D1Database; // the part of D1 that drizzle uses
}
