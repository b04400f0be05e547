import { chmod, mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStateFolder, storedAdminToken } from "../../../src/cli/start/state-folder.ts";
import { FolderInUseError } from "../../../src/node/folder-lock.ts";
import { temporaryFolder } from "../../servers/child-process.ts";

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

  test("that others may read is closed to them, with the folders below it, and a line says so once", async () => {
    const path = join(folder.path, "open");
    const below = join(path, "v3/do/hub-Federation");
    await mkdir(below, { recursive: true });
    await writeFile(join(below, "key.sqlite"), "private", { mode: 0o644 });
    await symlink(folder.path, join(path, "link"));
    for (const open of [path, join(path, "v3"), below]) await chmod(open, 0o755);
    const outside = (await stat(folder.path)).mode;
    const lines: string[] = [];
    for (let start = 0; start < 2; start++) {
      const state = await openStateFolder(path, (line) => lines.push(line));
      state.release();
    }
    for (const closed of [path, join(path, "v3"), below]) expect((await stat(closed)).mode & 0o777).toBe(0o700);
    expect((await stat(folder.path)).mode).toBe(outside);
    expect(lines).toEqual([expect.stringMatching(/open holds secrets and was open to others \(mode 755\).*mode 700/)]);
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
