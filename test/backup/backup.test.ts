import { execFile } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HUB_VERSION, migrationsIn, readLabel } from "../../src/backup/label.ts";
import { type RestoreOptions, restoreBackup } from "../../src/backup/restore-backup.ts";
import { databaseFile, dataIn, KEPT_OBJECTS, objectFile } from "../../src/backup/state-files.ts";
import { writeBackup } from "../../src/backup/write-backup.ts";
import { hub } from "../command/fake-hub.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import { addService, DATABASE, hubHere, MIGRATIONS, namesIn, TOKEN, WORKER } from "./state-here.ts";

const COMMAND = fileURLToPath(new URL("../../src/cli/hub.ts", import.meta.url));
const NOW = Date.UTC(2026, 0, 2);
const READER = { hub_version: HUB_VERSION, migrations: MIGRATIONS, hub_id: "hub-a" };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let state: string;
let target: string;
let fresh: string;
let database: DatabaseSync;

beforeEach(async () => {
  folder = await temporaryFolder("backup");
  state = join(folder.path, "state");
  fresh = join(folder.path, "fresh");
  mkdirSync(fresh);
  mkdirSync(join(folder.path, "backups"));
  target = join(folder.path, "backups/hub.db");
  database = hubHere(state);
});
afterEach(async () => {
  if (database.isOpen) database.close();
  await folder.remove();
});

const backUp = (options: Partial<Parameters<typeof writeBackup>[0]> = {}) =>
  writeBackup({ state, target, force: false, now: NOW, ...options });
const restore = (options: Partial<RestoreOptions> = {}) =>
  restoreBackup({
    file: target,
    state: fresh,
    database: DATABASE,
    worker: WORKER,
    reader: READER,
    now: NOW,
    ...options,
  });
const backups = () => readdirSync(join(folder.path, "backups"));
const textIn = (bytes: Uint8Array | null) => Buffer.from(bytes ?? []).toString("latin1");
const modeOf = (file: string) => statSync(file).mode & 0o777;

function changed(file: string, sql: string): void {
  const copy = new DatabaseSync(file);
  copy.exec(sql);
  copy.close();
}

function read<T>(file: string, ask: (copy: DatabaseSync) => T): T {
  const copy = new DatabaseSync(file, { readOnly: true });
  try {
    return ask(copy);
  } finally {
    copy.close();
  }
}

describe("a backup", () => {
  test("has the database, the keys, the token and what made it, and is one file for its owner only", async () => {
    expect(await backUp()).toEqual({
      services: 1,
      projects: 1,
      since: 1_000,
      hub_id: "hub-a",
      hasKeys: true,
      hasToken: true,
      bytes: statSync(target).size,
    });
    expect(backups()).toEqual(["hub.db"]);
    expect(modeOf(target)).toBe(0o600);
    const label = read(target, readLabel);
    expect(label).toMatchObject({ made_at: NOW, hub_version: HUB_VERSION, hub_id: "hub-a", admin_token: TOKEN });
    for (const { column, name } of KEPT_OBJECTS) expect(textIn(label[column])).toContain(`secret of ${name}`);
    expect(read(target, migrationsIn)).toEqual(MIGRATIONS);
  });

  test("has what is committed while the hub holds its database open, and nothing that is not", async () => {
    addService(database, "committed");
    database.exec("BEGIN");
    addService(database, "not committed");
    await backUp();
    database.exec("COMMIT");
    expect(read(target, namesIn)).toEqual(["web", "committed"]);
    expect(namesIn(database)).toEqual(["web", "committed", "not committed"]);
  });

  test("replaces no file, unless it is forced; then its mode is right, whatever the one before had", async () => {
    writeFileSync(target, "of somebody", { mode: 0o644 });
    await expect(backUp()).rejects.toThrow(`${target} exists; --force replaces it`);
    expect(readFileSync(target, "utf8")).toBe("of somebody");
    await backUp({ force: true });
    expect([modeOf(target), backups()]).toEqual([0o600, ["hub.db"]]);
    await expect(backUp({ target: join(folder.path, "backups"), force: true })).rejects.toThrow("is not a file");
  });

  test("of a folder that is no hub's is an error that names the flag, and leaves nothing", async () => {
    await expect(backUp({ state: fresh })).rejects.toThrow(/fresh is no state folder of a hub; .*--state DIR/);
    changed(databaseFile(dataIn(state), DATABASE), "DELETE FROM d1_migrations");
    await expect(backUp()).rejects.toThrow("has no tables yet");
    await expect(backUp({ target: join(folder.path, "absent/hub.db") })).rejects.toThrow("ENOENT");
    expect(backups()).toEqual([]);
  });

  test("that can't be written in full is an error with exit code 1, and leaves nothing", async () => {
    database.exec("CREATE TABLE padding AS SELECT randomblob(1000000) AS bytes");
    const limited = ["-c", 'ulimit -f 200 && exec "$@"', "bash", process.execPath, COMMAND, "backup", target];
    const failed = await promisify(execFile)("bash", [...limited, "--state", state]).catch((error) => error);
    expect([failed.code, failed.stdout]).toEqual([1, ""]);
    expect(failed.stderr).toMatch(/^there is no backup: /m);
    expect(backups()).toEqual([]);
  });

  test("is what hub backup makes, which says what the file holds", async () => {
    const done = await hub(["backup", target, "--state", state]);
    expect([done.code, done.err]).toEqual([0, ""]);
    expect(done.out).toMatch(/^Backup of hub-a: \S+hub\.db, \d+ kB$/m);
    expect(done.out).toContain("1 service in 1 project, history since 1970-01-01T00:00:01.000Z");
    const again = await hub(["backup", target, "--state", state]);
    expect([again.code, again.err]).toEqual([1, `there is no backup: ${target} exists; --force replaces it`]);
  });
});

describe("a restored hub", () => {
  test("has the services, keys and token of the backup and begins another epoch; the rest of the backup is gone", async () => {
    database.exec("INSERT INTO registry_marks (revision, mark, at) VALUES (1, 'mark', 1000)");
    const before = database.prepare("SELECT epoch FROM registry").get()?.epoch;
    await backUp();
    expect(await restore()).toMatchObject({ services: 1, made_at: NOW, hub_id: "hub-a", isOpen: false });
    const file = databaseFile(dataIn(fresh), DATABASE);
    const copy = new DatabaseSync(file);
    expect(namesIn(copy)).toEqual(["web"]);
    expect(String(copy.prepare("SELECT epoch FROM registry").get()?.epoch) > String(before)).toBe(true);
    expect(copy.prepare("SELECT count(*) AS marks FROM registry_marks").get()).toEqual({ marks: 0 });
    expect(copy.prepare("SELECT name FROM sqlite_master WHERE name = 'hub_backup'").all()).toEqual([]);
    copy.close();
    for (const secret of [TOKEN, "secret of"]) expect(readFileSync(file).includes(secret)).toBe(false);
    for (const object of KEPT_OBJECTS) {
      expect(textIn(readFileSync(objectFile(dataIn(fresh), WORKER, object)))).toContain(`secret of ${object.name}`);
    }
    expect(readFileSync(join(fresh, "admin-token"), "utf8")).toBe(`${TOKEN}\n`);
    expect(modeOf(join(fresh, "admin-token"))).toBe(0o600);
    expect(readdirSync(fresh).sort()).toEqual(["admin-token", "v3"]);
  });

  test("comes also from a file that nobody may write, and one that others can read is told of", async () => {
    await backUp();
    chmodSync(target, 0o444);
    expect(await restore()).toMatchObject({ isOpen: true });
    expect(modeOf(databaseFile(dataIn(fresh), DATABASE))).toBe(0o600);
  });

  test("is refused where a hub is, with words that say how to go on", async () => {
    await backUp();
    const files = readdirSync(state, { recursive: true });
    await expect(restore({ state })).rejects.toThrow(/state has a hub.*--state DIR,\nor move this one away \(mv /);
    expect(readdirSync(state, { recursive: true })).toEqual(files);
    expect(namesIn(database)).toEqual(["web"]);
  });

  test.each([
    ["of a newer format", "UPDATE hub_backup SET format = 2", "it was made by a newer hub (format 2)"],
    ["of a newer version", "UPDATE hub_backup SET hub_version = '99.0.0'", "it was made by a newer hub (99.0.0;"],
    ["with a migration that the hub has not", "INSERT INTO d1_migrations (name) VALUES ('9999_x.sql')", "9999_x.sql"],
    ["of another hub", "UPDATE hub_backup SET hub_id = 'hub-b'", "add --var HUB_ID=hub-b"],
    ["without its table", "DROP TABLE hub_backup", "it is no backup of a hub"],
    ["with an empty table", "DELETE FROM hub_backup", "can't be read"],
  ])("is not made of a backup %s, and the folder stays without a hub", async (_, sql, words) => {
    await backUp();
    changed(target, sql);
    await expect(restore()).rejects.toThrow(words);
    expect(readdirSync(fresh)).toEqual([]);
  });

  test("is not made of a file that is damaged, cut off or something else", async () => {
    await backUp();
    const bytes = readFileSync(target);
    const page = 4096;
    const damaged = Buffer.from(bytes).fill(0xff, 5 * page, 40 * page);
    for (const content of [
      damaged,
      bytes.subarray(0, bytes.length - 8 * page),
      Buffer.from("a text"),
      Buffer.alloc(0),
    ]) {
      writeFileSync(target, content);
      await expect(restore()).rejects.toThrow(`${target} is not restored: `);
      expect(readdirSync(fresh)).toEqual([]);
    }
    await expect(restore({ file: join(folder.path, "absent") })).rejects.toThrow("ENOENT");
  });

  test("is made although an earlier try was killed half way", async () => {
    await backUp();
    cpSync(dataIn(state), join(fresh, "restoring-killed"), { recursive: true });
    writeFileSync(join(fresh, "admin-token.restoring"), "half");
    await restore();
    expect(existsSync(join(fresh, "restoring-killed"))).toBe(false);
    expect(existsSync(join(fresh, "admin-token.restoring"))).toBe(false);
  });
});
