import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { applyMigrations, type MigrationTarget } from "../../../src/cli/start/migrations.ts";
import { readMigrations } from "../../../src/cli/start/read-project.ts";
import { temporaryFolder } from "../../servers/child-process.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: DatabaseSync;

beforeEach(async () => {
  folder = await temporaryFolder("migrations");
  database = new DatabaseSync(":memory:");
});
afterEach(async () => {
  database.close();
  await folder.remove();
});

/** D1's promises over SQLite. */
function target(): MigrationTarget {
  const statement = (sql: string, values: string[] = []): ReturnType<MigrationTarget["prepare"]> => ({
    bind: (...bound) => statement(sql, bound),
    all: async () => ({ results: database.prepare(sql).all(...values) }),
  });
  return {
    prepare: (sql) => statement(sql),
    async batch(statements) {
      database.exec("BEGIN");
      try {
        for (const each of statements) await each.all();
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
  };
}

const apply = async (directory = folder.path) => await applyMigrations(target(), await readMigrations(directory));
const write = (name: string, sql: string) => writeFile(join(folder.path, name), sql);
const names = () =>
  database
    .prepare("SELECT id, name FROM d1_migrations ORDER BY id")
    .all()
    .map((row) => ({ ...row }));

describe("migrations of the local database", () => {
  test("run once each, in the order of their names", async () => {
    await write("0002_more.sql", "ALTER TABLE a ADD COLUMN note TEXT DEFAULT 'one; two';\n-- done\n");
    await write("0001_first.sql", "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);");
    await write("README.md", "not a migration");
    expect(await apply()).toEqual(["0001_first.sql", "0002_more.sql"]);
    expect({ ...database.prepare("SELECT * FROM a").get() }).toEqual({ id: 1, note: "one; two" });
    await write("0003_last.sql", "INSERT INTO a (id) VALUES (2)");
    expect(await apply()).toEqual(["0003_last.sql"]);
    expect(names()).toEqual([
      { id: 1, name: "0001_first.sql" },
      { id: 2, name: "0002_more.sql" },
      { id: 3, name: "0003_last.sql" },
    ]);
  });

  test("one that fails is named and leaves nothing of itself", async () => {
    await write("0001_wrong.sql", "CREATE TABLE b (id INTEGER); INSERT INTO nowhere VALUES (1);");
    await expect(apply()).rejects.toThrow(/^migration 0001_wrong.sql failed: .*nowhere/);
    expect(names()).toEqual([]);
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'b'").all()).toEqual([]);
  });

  test("a folder without any is an empty database", async () => {
    await mkdir(join(folder.path, "none"));
    expect(await apply(join(folder.path, "none"))).toEqual([]);
  });
});
