import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openBuildCache } from "../../src/cli/build/build-cache.ts";
import { hasMigrations } from "../../src/cli/start/applied-migrations.ts";
import { buildHub, readProjectOnce } from "../../src/cli/start/prepare.ts";
import { entryIn } from "../../src/cli/start/worker-options.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const CONFIG = `
name = "small"
main = "src/entry.ts"
compatibility_date = "2026-10-01"
[vars]
HUB_ID = "hub-small"
[[d1_databases]]
binding = "DB"
database_name = "small"
database_id = "an-id"
`;
/** Wrangler and the runtime take a second to start, and more while other tests run. */
const LIMIT_MS = 300_000;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

const path = (name: string) => join(folder.path, name);
const write = (name: string, text: string) => writeFile(path(name), text);
const source = (text: string) => write("src/entry.ts", `export default { text: "${text}" };`);
const builds = () => readdirSync(path("dist/builds"));

beforeEach(async () => {
  folder = await temporaryFolder("build-cache");
  await mkdir(path("src"));
  await mkdir(path("migrations"));
  await write("wrangler.toml", CONFIG);
  await write("migrations/0001_a.sql", "CREATE TABLE a (id INTEGER);");
  await source("one");
});
afterEach(() => folder.remove());

/** As a start does it, up to the runtime of the hub. */
async function prepare() {
  const cache = await openBuildCache(folder.path, {});
  const project = await readProjectOnce(folder.path, cache);
  const place = { folder: path("state/worker"), data: path("state/v3"), temporary: path("state/tmp") };
  await buildHub({ ...project, ...place }, cache);
  return { project, code: await readFile(entryIn(place.folder), "utf8") };
}

/** What a start that uses what is kept finds. */
async function markKept() {
  const [build = ""] = builds();
  const project = JSON.parse(await readFile(path(`dist/builds/${build}/project.json`), "utf8"));
  await write(`dist/builds/${build}/project.json`, JSON.stringify({ ...project, source: "kept" }));
  await write(`dist/builds/${build}/worker/index.js`, "kept");
}

const tables = () => {
  const objects = path("state/v3/d1/miniflare-D1DatabaseObject");
  const file = readdirSync(objects).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) ?? "";
  const database = new DatabaseSync(join(objects, file));
  const names = database.prepare("SELECT name FROM sqlite_master WHERE length(name) = 1").all();
  database.close();
  return names.map(({ name }) => name);
};

describe("what a start makes from its sources", { timeout: LIMIT_MS }, () => {
  test("is used again until one of them changes, and is then made anew", async () => {
    const first = await prepare();
    expect(first.code).toContain("one");
    expect(first.project.source).toBe(path("src/entry.ts"));
    await markKept();
    await rm(path("state/worker"), { recursive: true });
    const second = await prepare();
    expect([second.code, second.project.source]).toEqual(["kept", "kept"]);
    const before = builds();
    await source("two");
    const third = await prepare();
    expect(third.code).toContain("two");
    expect(third.project).toEqual(first.project);
    expect(builds()).toHaveLength(1);
    expect(builds()).not.toEqual(before);
  });

  test("has every migration, of an earlier state folder and of a new one", async () => {
    await prepare();
    expect(tables()).toEqual(["a"]);
    await write("migrations/0002_b.sql", "CREATE TABLE b (id INTEGER);");
    await prepare();
    expect(tables()).toEqual(["a", "b"]);
    await rm(path("state"), { recursive: true });
    await prepare();
    expect(tables()).toEqual(["a", "b"]);
    const all = ["0001_a.sql", "0002_b.sql"].map((name) => ({ name, statements: [] }));
    expect(await hasMigrations(path("state/v3"), all)).toBe(true);
    expect(await hasMigrations(path("state/v3"), [...all, { name: "0003_c.sql", statements: [] }])).toBe(false);
  });

  test("is not kept when it may contain secrets, or depends on the environment", async () => {
    const read = async (environment: Record<string, string>) =>
      await readProjectOnce(folder.path, await openBuildCache(folder.path, environment));
    await read({ CLOUDFLARE_ENV: "" });
    expect(existsSync(path("dist/builds"))).toBe(false);
    await write(".dev.vars", "HUB_ID=hub-secret");
    const project = await read({});
    expect(project.worker.bindings.HUB_ID).toBe("hub-secret");
    expect(existsSync(path("dist/builds"))).toBe(false);
  });
});

describe("a database is asked for its migrations", () => {
  const objects = () => path("state/v3/d1/miniflare-D1DatabaseObject");
  const one = [{ name: "0001_a.sql", statements: [] }];

  test("and has none when there is no file, one that can't be read, or more than one", async () => {
    expect(await hasMigrations(path("state/v3"), one)).toBe(false);
    await mkdir(objects(), { recursive: true });
    await writeFile(join(objects(), `${"a".repeat(64)}.sqlite`), "not a database");
    expect(await hasMigrations(path("state/v3"), one)).toBe(false);
    for (const letter of ["a", "b"]) {
      const file = join(objects(), `${letter.repeat(64)}.sqlite`);
      await rm(file, { force: true });
      const database = new DatabaseSync(file);
      database.exec("CREATE TABLE d1_migrations (name TEXT); INSERT INTO d1_migrations VALUES ('0001_a.sql')");
      database.close();
      expect(await hasMigrations(path("state/v3"), one)).toBe(letter === "a");
    }
  });
});
