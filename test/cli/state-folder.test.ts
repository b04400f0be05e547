import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFolder, storedAdminToken } from "../../src/cli/state-folder.ts";
import { FolderInUseError } from "../../src/node/folder-lock.ts";
import { temporaryFolder } from "../servers/child-process.ts";

const OWNER_ONLY = 0o600;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder("state");
});
afterEach(() => folder.remove());

describe("the state folder", () => {
  test("is made when absent, for its owner only", async () => {
    const path = join(folder.path, "deep/er");
    const state = await openStateFolder(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    state.release();
  });

  test("belongs to one hub at a time", async () => {
    const first = await openStateFolder(folder.path);
    await expect(openStateFolder(folder.path)).rejects.toThrow(FolderInUseError);
    first.release();
    const second = await openStateFolder(folder.path);
    second.release();
  });

  test("with a lock file that is something else is an error of its own", async () => {
    await writeFile(join(folder.path, "lock.sqlite"), "not a database, and long enough to have a header ".repeat(9));
    await expect(openStateFolder(folder.path)).rejects.toThrow("not a database");
  });
});

describe("the admin token", () => {
  test("is made once, unguessable, and readable by its owner only", async () => {
    const token = await storedAdminToken(folder.path);
    expect(token).toMatch(/^hub_admin_[\w-]{32}$/);
    const file = join(folder.path, "admin-token");
    expect((await stat(file)).mode & 0o777).toBe(OWNER_ONLY);
    expect(await readFile(file, "utf8")).toBe(`${token}\n`);
    await chmod(file, 0o644);
    expect(await storedAdminToken(folder.path)).toBe(token);
    expect((await stat(file)).mode & 0o777).toBe(OWNER_ONLY);
  });

  test("replaces an empty file", async () => {
    await writeFile(join(folder.path, "admin-token"), "\n");
    expect(await storedAdminToken(folder.path)).toMatch(/^hub_admin_/);
  });
});
