/** Places and files that a backup must not be written to or read from, and what is left when it goes wrong. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HUB_VERSION } from "../../src/backup/label.ts";
import { restoreBackup } from "../../src/backup/restore-backup.ts";
import { databaseFile, dataIn } from "../../src/backup/state-files.ts";
import { writeBackup } from "../../src/backup/write-backup.ts";
import { temporaryFolder } from "../servers/child-process.ts";
import { DATABASE, hubHere, MIGRATIONS, WORKER } from "./state-here.ts";

const NOW = Date.UTC(2026, 0, 2);
const reader = { hub_version: HUB_VERSION, migrations: MIGRATIONS, hub_id: "hub-a" };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let state: string;
let fresh: string;
let target: string;
let database: DatabaseSync;
beforeEach(async () => {
  folder = await temporaryFolder("fresh");
  state = join(folder.path, "state");
  fresh = join(folder.path, "fresh");
  mkdirSync(fresh);
  target = join(folder.path, "hub.db");
  database = hubHere(state);
});
afterEach(async () => {
  database.close();
  await folder.remove();
});
const backUp = (o: object = {}) => writeBackup({ state, target, force: false, now: NOW, ...o });
const restore = (o: object = {}) =>
  restoreBackup({ file: target, state: fresh, database: DATABASE, worker: WORKER, reader, now: NOW, ...o });

test("of two backups at once to one file one is made, and nothing else is left", async () => {
  const ends = await Promise.allSettled([backUp(), backUp()]);
  expect(ends.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(readdirSync(folder.path).toSorted()).toEqual(["fresh", "hub.db", "state"]);
});

test("a link that leads nowhere is not replaced: its disk may not be mounted", async () => {
  symlinkSync(join(folder.path, "unmounted/hub.db"), target);
  await expect(backUp()).rejects.toThrow("exists; --force replaces it");
  expect(lstatSync(target).isSymbolicLink()).toBe(true);
});

test("--force through a link replaces the file that it names", async () => {
  const real = join(folder.path, "real.db");
  writeFileSync(real, "old");
  symlinkSync(real, target);
  await backUp({ force: true });
  expect(lstatSync(target).isSymbolicLink()).toBe(true);
  expect(readFileSync(real).subarray(0, 15).toString()).toBe("SQLite format 3");
});

test("no file of the hub itself is replaced, whatever way leads to it", async () => {
  const own = databaseFile(dataIn(state), DATABASE);
  const before = statSync(own).ino;
  const link = join(folder.path, "link.db");
  symlinkSync(own, link);
  for (const place of [own, link, join(state, "admin-token"), join(state, "new.db"), `${state}/../state/x.db`]) {
    await expect(backUp({ target: place, force: true })).rejects.toThrow("lies in the state folder");
  }
  expect(statSync(own).ino).toBe(before);
});

test("a restore that can't be finished leaves the folder its own token", async () => {
  await backUp();
  writeFileSync(join(fresh, "admin-token"), "mine\n");
  symlinkSync(join(folder.path, "unmounted"), dataIn(fresh));
  await expect(restore()).rejects.toThrow("has a hub");
  expect(readFileSync(join(fresh, "admin-token"), "utf8")).toBe("mine\n");
});

test("a file that was cut off is refused, wherever it was", async () => {
  await backUp();
  const { size } = statSync(target);
  for (const part of [0.99, 0.5, 0.1]) {
    truncateSync(target, Math.floor(size * part));
    await expect(restore()).rejects.toThrow("is not restored");
  }
  expect(readdirSync(fresh)).toEqual([]);
});

test("a backup whose keys are damaged is refused", async () => {
  await backUp();
  const backup = new DatabaseSync(target);
  backup.exec("UPDATE hub_backup SET federation = x'00010203'");
  backup.close();
  await expect(restore()).rejects.toThrow("it has no Federation object");
  expect(readdirSync(fresh)).toEqual([]);
});

test("a backup that lies in the state folder is restored, and stays", async () => {
  const inside = join(fresh, "restoring-mine");
  mkdirSync(inside);
  await backUp({ target: join(inside, "hub.db") });
  await restore({ file: join(inside, "hub.db") });
  expect(readdirSync(inside)).toEqual(["hub.db"]);
});
