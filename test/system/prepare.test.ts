import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readProject } from "../../src/cli/start/prepare.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const CONFIG = `
name = "small"
main = "worker/entry.ts"
compatibility_date = "2026-10-01"
[vars]
HUB_ID = "hub-small"
[[d1_databases]]
binding = "DB"
database_name = "small"
database_id = "an-id"
`;
/** Wrangler takes a second to load, and more while other tests run. */
const LIMIT_MS = 300_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("prepare");
});
afterEach(() => folder.remove());

describe("what a hub needs to know about its checkout", { timeout: LIMIT_MS }, () => {
  test("is read from wrangler.toml, and from the migrations in the order of their names", async () => {
    await writeFile(join(folder.path, "wrangler.toml"), CONFIG);
    await mkdir(join(folder.path, "migrations"));
    await writeFile(join(folder.path, "migrations/0002_b.sql"), "CREATE TABLE b (id INTEGER);");
    await writeFile(join(folder.path, "migrations/0001_a.sql"), "CREATE TABLE a (id INTEGER);\nDROP TABLE a;\n");
    const { source, worker, migrations } = await readProject(folder.path);
    expect(source).toBe(join(folder.path, "worker/entry.ts"));
    expect(worker).toMatchObject({
      name: "small",
      bindings: { HUB_ID: "hub-small" },
      d1Databases: { DB: { id: "an-id" } },
    });
    expect(migrations.map(({ name, statements }) => [name, statements.length])).toEqual([
      ["0001_a.sql", 2],
      ["0002_b.sql", 1],
    ]);
  });

  test("that can't be read is refused with the reason", async () => {
    await writeFile(join(folder.path, "wrangler.toml"), "name = ");
    await expect(readProject(folder.path)).rejects.toThrow(/TOML/);
  });
});
