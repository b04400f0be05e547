import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { outputFolder } from "../../../src/cli/build/output-folder.ts";
import { temporaryFolder } from "../../servers/child-process.ts";

const isRoot = process.getuid?.() === 0;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let root: string;
let state: string;

beforeEach(async () => {
  folder = await temporaryFolder("output");
  root = join(folder.path, "checkout");
  state = join(folder.path, "state");
  await mkdir(join(root, "dist/assets"), { recursive: true });
});
afterEach(async () => {
  await chmod(join(root, "dist"), 0o700);
  await folder.remove();
});

describe("what a start makes is kept", () => {
  test("in the checkout of a user who may write there, and no state folder is made for it", async () => {
    expect(await outputFolder(root, state)).toBe(join(root, "dist"));
    await expect(stat(state)).rejects.toThrow("ENOENT");
  });

  // Root may write everywhere; test/system/service.test.ts starts a hub as another user.
  test.skipIf(isRoot)("else in the state folder, which begins with what the checkout's has", async () => {
    await writeFile(join(root, "dist/assets/index.html"), "made before");
    await chmod(join(root, "dist"), 0o500);
    expect(await outputFolder(root, state)).toBe(join(state, "dist"));
    expect(await readFile(join(state, "dist/assets/index.html"), "utf8")).toBe("made before");
    expect((await stat(state)).mode & 0o777).toBe(0o700);
  });
});
