/** The first start in a checkout, which builds the Worker and makes the database. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { FIRST_START, startHere } from "../processes/hub-here.ts";
import { freePort, run, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

test("Ctrl-C while the Worker is built ends the hub in order", async () => {
  const folder = await temporaryFolder("state");
  const args = [join(ROOT, "src/cli/start.ts"), "--state", folder.path, "--port", "0", "--quiet"];
  // In a process group of its own, which gets the signal as a terminal's foreground processes do.
  const hub = spawn(process.execPath, args, {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...FIRST_START },
  });
  const errors: string[] = [];
  hub.stderr.setEncoding("utf8").on("data", (text) => errors.push(text));
  const ended = once(hub, "close");
  const isBuilding = () => expect(existsSync(join(folder.path, "runtime/launch"))).toBe(true);
  await until(isBuilding);
  process.kill(-Number(hub.pid), "SIGINT");
  expect([await ended, errors.join("")]).toEqual([[0, null], ""]);
  await folder.remove();
});

describe("a hub in this process", () => {
  test("plans at once and again after a crash, and notes its migrations as wrangler does", async () => {
    const folder = await temporaryFolder("state");
    const hub = startHere(["--state", folder.path, "--port", "0", "--var", "HUB_ADMIN_TOKEN=hub_admin_of_the_test"], {
      environment: FIRST_START,
    });
    await hub.ready();
    await until(() => expect(hub.lines.join("\n")).toContain('"event":"plan.done"'));
    expect(hub.lines.join("\n")).toContain("admin token: as in HUB_ADMIN_TOKEN");
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
    const folder = await temporaryFolder("state");
    const port = await freePort();
    const token = "hub_admin_of_the_test";
    const args = ["--state", folder.path, "--port", String(port), "--var", `HUB_ADMIN_TOKEN=${token}`];
    const hub = startHere(args, { environment: FIRST_START });
    const impatient = requestUntilAnswered(`http://127.0.0.1:${port}/api/projects`, token);
    await hub.ready();
    expect(await impatient).toBe(200);
    await until(() => expect(hub.lines.join("\n")).toContain('"event":"plan.done"'));
    hub.stop();
    expect(await hub.code).toBe(0);
    expect(hub.lines.filter((line) => /error|no such table/i.test(line))).toEqual([]);
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
