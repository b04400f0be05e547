import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { runStart, type StartIo } from "../../src/cli/run-start.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { databaseFile } from "../processes/database-file.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { freePort, run, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** The next start builds, as the first one in a checkout does. */
const forgetBuilds = () => rmSync(join(ROOT, "dist/builds"), { recursive: true, force: true });

const createProject = (hub: HubProcess, name: string) =>
  hub.fetch("/api/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name }),
  });

/** A hub in this process, so that its lines are counted as covered. */
function startHere(args: readonly string[], io: Partial<StartIo> = {}) {
  const lines: string[] = [];
  const stop = Promise.withResolvers<void>();
  const code = runStart(args, {
    clock: systemClock,
    environment: {},
    root: ROOT,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    stopped: stop.promise,
    ...io,
  });
  const ready = async () => {
    const isReady = until(() => expect(lines.join("\n")).toContain("ready at"));
    await Promise.race([isReady, code]);
    expect(lines.join("\n")).toContain("ready at");
  };
  return { lines, code, ready, stop: stop.resolve };
}

describe("a hub in a process of its own", () => {
  let hub: HubProcess;

  beforeAll(async () => {
    forgetBuilds();
    hub = await startHub({ vars: { HUB_ID: "hub-of-the-test" }, args: ["--quiet"], prepare: async () => {} });
  });
  afterAll(() => hub?.remove());

  test("prints nothing but the line that says it is ready when it is to be quiet", async () => {
    expect((await hub.fetch("/health")).status).toBe(200);
    expect(hub.lines).toEqual([`CommandCenter Hub ready at ${hub.url}  admin token: ${hub.token}`]);
  });

  test("makes an admin token, keeps it for its owner only and uses it again", async () => {
    expect(hub.token).toMatch(/^hub_admin_[\w-]{32}$/);
    expect(statSync(join(hub.state, "admin-token")).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(hub.state, "admin-token"), "utf8").trim()).toBe(hub.token);
  });

  test("a second hub on the same state folder is refused", async () => {
    const second = startHere(["--state", hub.state, "--port", "0"]);
    expect(await second.code).toBe(1);
    expect(second.lines.join("\n")).toContain("another one is running");
  });

  test("the files of the API's documentation are served", async () => {
    const response = await fetch(`${hub.url}/docs/swagger-ui.css`);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain(".swagger-ui");
  });

  test("kill -9 leaves no process behind, and what was stored is there after a restart", async () => {
    expect((await createProject(hub, "kept")).status).toBe(201);
    const runtime = await hub.runtimePid();
    expect(alive(runtime)).toBe(true);
    const { token, url } = hub;
    await hub.kill9();
    await until(() => expect(alive(runtime)).toBe(false));
    await hub.restart();
    expect({ token: hub.token, url: hub.url }).toEqual({ token, url });
    expect((await createProject(hub, "kept")).status).toBe(409);
  });

  test("a runtime that died is started again and keeps serving what is stored", async () => {
    process.kill(await hub.runtimePid(), "SIGKILL");
    const answer = async () => (await hub.fetch("/api/projects")).json();
    await until(async () => expect(await answer()).toMatchObject({ projects: [{ name: "kept" }] }));
    await until(() => expect(hub.lines).toContain("the runtime crashed and was started again"));
  });

  test("Ctrl-C ends it within seconds with exit code 0 and no process left", async () => {
    const runtime = await hub.runtimePid();
    const before = Date.now();
    expect(await hub.stop()).toBe(0);
    expect(Date.now() - before).toBeLessThan(6_000);
    expect(alive(runtime)).toBe(false);
  });
});

test("Ctrl-C while the Worker is built ends the hub in order", async () => {
  const folder = await temporaryFolder("state");
  const args = [join(ROOT, "src/cli/start.ts"), "--state", folder.path, "--port", "0", "--quiet"];
  forgetBuilds();
  // In a process group of its own, which gets the signal as a terminal's foreground processes do.
  const hub = spawn(process.execPath, args, { detached: true, stdio: ["ignore", "ignore", "pipe"] });
  const errors: string[] = [];
  hub.stderr.setEncoding("utf8").on("data", (text) => errors.push(text));
  const ended = once(hub, "close");
  const isBuilding = () => expect(existsSync(join(folder.path, "runtime/launch"))).toBe(true);
  await until(isBuilding);
  process.kill(-Number(hub.pid), "SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(errors).toEqual([]);
  await folder.remove();
});

describe("a hub in this process", () => {
  test("plans at once and again after a crash, and notes its migrations as wrangler does", async () => {
    forgetBuilds();
    const folder = await temporaryFolder("state");
    const hub = startHere(["--state", folder.path, "--port", "0", "--var", "HUB_ADMIN_TOKEN=hub_admin_of_the_test"]);
    await hub.ready();
    await until(() => expect(hub.lines.join("\n")).toContain('"event":"plan.done"'));
    expect(hub.lines.join("\n")).toContain("admin token: hub_admin_of_the_test");
    expect(existsSync(join(folder.path, "admin-token"))).toBe(false);
    process.kill(Number(readFileSync(join(folder.path, "runtime/pid"), "utf8")), "SIGKILL");
    const plans = () => hub.lines.filter((line) => line.includes('"event":"plan.done"')).length;
    await until(() => expect(plans()).toBeGreaterThan(1));
    hub.stop();
    expect(await hub.code).toBe(0);
    const wrangler = join(ROOT, "node_modules/.bin/wrangler");
    const list = ["d1", "migrations", "list", "commandcenter-hub", "--local", "--persist-to", folder.path];
    const { stdout } = await run(wrangler, list, {
      cwd: ROOT,
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    });
    expect(stdout).toContain("No migrations to apply");
    await folder.remove();
  });

  test("answers the first requests of a first start without an error line", async () => {
    forgetBuilds();
    const folder = await temporaryFolder("state");
    const port = await freePort();
    const token = "hub_admin_of_the_test";
    const args = ["--state", folder.path, "--port", String(port), "--var", `HUB_ADMIN_TOKEN=${token}`];
    const hub = startHere(args);
    const impatient = requestUntilAnswered(`http://127.0.0.1:${port}/api/projects`, token);
    await hub.ready();
    expect(await impatient).toBe(200);
    await until(() => expect(hub.lines.join("\n")).toContain('"event":"plan.done"'));
    hub.stop();
    expect(await hub.code).toBe(0);
    expect(hub.lines.filter((line) => /error|no such table/i.test(line))).toEqual([]);
    await folder.remove();
  });

  test("does not start on a port that another program has", async () => {
    const folder = await temporaryFolder("state");
    const other = createServer();
    const port = await freePort();
    other.listen(port, "127.0.0.1");
    await once(other, "listening");
    const hub = startHere(["--state", folder.path, "--port", String(port)]);
    expect(await hub.code).toBe(1);
    expect(hub.lines.join("\n")).toContain(`port ${port} is taken`);
    other.close();
    await folder.remove();
  });

  test("a database that a migration does not fit is named, and nothing is left running", async () => {
    const folder = await temporaryFolder("state");
    const first = startHere(["--state", folder.path, "--port", "0", "--quiet"]);
    await first.ready();
    first.stop();
    await first.code;
    forgetMigrations(folder.path);
    const second = startHere(["--state", folder.path, "--port", "0", "--quiet"]);
    expect(await second.code).toBe(1);
    expect(second.lines.join("\n")).toMatch(/migration 0001_\S+ failed: .*already exists/);
    await folder.remove();
  });
});

/** Asks again as soon as a connection is refused. Returns the status of the first response. */
async function requestUntilAnswered(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const ask = () =>
    fetch(url, { headers }).then(
      ({ status }) => status,
      () => undefined,
    );
  return await vi.waitUntil(ask, { timeout: 90_000, interval: 5 });
}

function forgetMigrations(state: string): void {
  const database = new DatabaseSync(databaseFile(state));
  database.exec("DELETE FROM d1_migrations");
  database.close();
}
