import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endLeftoverRuntime, writeLauncher } from "../../../src/cli/start/workerd.ts";
import { run, temporaryFolder } from "../../servers/child-process.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await temporaryFolder("it's a state");
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  await folder.remove();
});

async function startNamed(program: string): Promise<ChildProcess> {
  const child = spawn(program, ["60"], { stdio: "ignore" });
  children.push(child);
  await once(child, "spawn");
  return child;
}

describe("the runtime's launcher", () => {
  test("starts the runtime under the state folder's name, ended by the kernel with its parent", async () => {
    const launcher = await writeLauncher(folder.path);
    const { stdout } = await run(launcher, ["--version"]);
    expect(stdout).toMatch(/^workerd \d{4}-/);
    expect(Number(await readFile(join(folder.path, "runtime/pid"), "utf8"))).toBeGreaterThan(1);
    if (process.platform === "linux") expect(await readFile(launcher, "utf8")).toContain("--pdeathsig KILL");
  });

  test("works without setpriv and can be written again", async () => {
    await writeLauncher(folder.path);
    const launcher = await writeLauncher(folder.path, { PATH: "/nowhere::" });
    expect(await readFile(launcher, "utf8")).not.toContain("pdeathsig");
    expect((await run(launcher, ["--version"])).stdout).toMatch(/^workerd /);
  });
});

describe("a runtime that an earlier hub left behind", () => {
  test("is ended", async () => {
    await mkdir(join(folder.path, "runtime"));
    await symlink("/bin/sleep", join(folder.path, "runtime/workerd"));
    const left = await startNamed(join(folder.path, "runtime/workerd"));
    const ended = once(left, "exit");
    await writeFile(join(folder.path, "runtime/pid"), `${left.pid}\n`);
    await endLeftoverRuntime(folder.path);
    expect(await ended).toEqual([null, "SIGKILL"]);
  });

  test("is not confused with another program that got its process id", async () => {
    await mkdir(join(folder.path, "runtime"));
    const other = await startNamed("/bin/sleep");
    await writeFile(join(folder.path, "runtime/pid"), `${other.pid}\n`);
    await endLeftoverRuntime(folder.path);
    expect(other.signalCode).toBeNull();
    expect(other.kill(0)).toBe(true);
  });

  test.each(["", "nonsense", "1"])("a note that says %j ends nothing", async (note) => {
    await mkdir(join(folder.path, "runtime"));
    await writeFile(join(folder.path, "runtime/pid"), note);
    await expect(endLeftoverRuntime(folder.path)).resolves.toBeUndefined();
  });

  test("the first start has nothing to end", async () => {
    await expect(endLeftoverRuntime(folder.path)).resolves.toBeUndefined();
  });
});
