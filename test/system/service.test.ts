/** A hub as a service: how it ends, whom it runs for, and what it says when its checkout is incomplete. */
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, readFileSync } from "node:fs";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { run, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** `nobody`, also where nothing is called so. */
const NOBODY = { uid: 65_534, gid: 65_534 };

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** As a service manager does, which knows the process that it started. Returns the exit code. */
async function terminate(hub: HubProcess): Promise<number | null> {
  process.kill(hub.pid, "SIGTERM");
  await until(() => expect(exists(hub.pid)).toBe(false));
  return await hub.stop();
}

describe("SIGTERM ends a hub with exit code 0 and no process left", () => {
  test.each([
    ["npm start", { underNpm: true }],
    ["node src/cli/start.ts", {}],
    ["hub start", { byHubCommand: true }],
  ])("under %s", async (_name, options) => {
    const hub = await startHub({ args: ["--quiet"], ...options });
    const runtime = await hub.runtimePid();
    expect(await terminate(hub)).toBe(0);
    expect(exists(runtime)).toBe(false);
    await hub.remove();
  });
});

/** Says why the test is skipped. */
function whyNotAsNobody(): string | null {
  if (process.getuid?.() !== 0) return "only root can start a process as another user";
  const { status } = spawnSync("cat", [join(ROOT, "package.json")], { ...NOBODY, stdio: "ignore" });
  return status === 0 ? null : "another user can't read this checkout";
}

test("a user who may only read the checkout gets a hub with its dashboard", async ({ skip }) => {
  const why = whyNotAsNobody();
  if (why !== null) return skip(why);
  const hub = await startHub({
    identity: NOBODY,
    environment: {
      CLOUDFLARE_INCLUDE_PROCESS_ENV: "false", // so it builds, as the first one in a checkout
      NODE_EXTRA_CA_CERTS: "", // other tests of this process may trust files that nobody else can read
    },
    args: ["--quiet"],
    prepare: async (state) => chownSync(state, NOBODY.uid, NOBODY.gid),
  });
  expect(await (await hub.fetch("/")).text()).toContain("<title>");
  expect((await hub.fetch("/docs/api-docs.css")).status).toBe(200);
  expect((await hub.fetch("/api/projects")).status).toBe(200);
  expect(existsSync(join(hub.state, "dist/assets/index.html"))).toBe(true);
  expect(hub.lines, hub.lines.join("\n")).toHaveLength(1);
  expect(await terminate(hub)).toBe(0);
  await hub.remove();
});

test("a state folder that can't be written to is named, with what to do", async ({ skip }) => {
  const why = whyNotAsNobody();
  if (why !== null) return skip(why);
  const folder = await temporaryFolder("state"); // root's
  const started = startHub({ identity: NOBODY, args: ["--state", join(folder.path, "hub")], prepare: async () => {} });
  await expect(started).rejects.toThrow(
    /can't keep the hub's data in \S+\/hub; choose another folder with --state DIR/,
  );
  await folder.remove();
});

test("a checkout without its development packages says in one sentence what to run", async () => {
  const folder = await temporaryFolder("checkout");
  await cp(join(ROOT, "src"), join(folder.path, "src"), { recursive: true });
  await cp(join(ROOT, "package.json"), join(folder.path, "package.json"));
  await mkdir(join(folder.path, "node_modules"));
  await symlink(join(ROOT, "node_modules/zod"), join(folder.path, "node_modules/zod"));
  const error = await run(process.execPath, [join(folder.path, "src/cli/start.ts")]).catch((failed) => failed);
  expect(error).toMatchObject({
    code: 1,
    stdout: "",
    stderr:
      "a start needs packages that are not installed (miniflare, wrangler, esbuild, vite): run npm ci --include=dev\n",
  });
  await folder.remove();
});

test("systemd takes the unit of the documentation as it is", async ({ skip }) => {
  if (spawnSync("systemd-analyze", ["--version"]).error !== undefined) return skip("systemd is not installed");
  const folder = await temporaryFolder("unit");
  const unit = join(folder.path, "commandcenter-hub.service");
  const text = readFileSync(join(ROOT, "docs/examples/commandcenter-hub.service"), "utf8");
  const here = text.replaceAll("/opt/commandcenter-hub/", ROOT);
  await writeFile(unit, here);
  const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
  expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: "" });
  await folder.remove();
});
