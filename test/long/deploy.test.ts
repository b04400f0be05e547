import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runDeploy } from "../../src/cli/deploy/run-deploy.ts";
import { wranglerIn } from "../../src/cli/deploy/wrangler-command.ts";
import { call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DEPLOY = fileURLToPath(new URL("../../src/cli/deploy.ts", import.meta.url));

const unused = () => {
  throw new Error("not called");
};

test("a dry run checks this checkout and bundles the Worker with the real wrangler, without an account", async () => {
  const lines: string[] = [];
  const runs: string[] = [];
  const wrangler = wranglerIn(ROOT);
  const code = await runDeploy(["--dry-run"], {
    root: ROOT,
    environment: {},
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
    interruption: unused,
    async wrangler(args) {
      const result = await wrangler(args, { capture: true });
      runs.push(result.output);
      return result;
    },
  });
  expect(lines.filter((line) => line.includes("WRONG"))).toEqual([]);
  expect(lines.at(-3)).toMatch(/^ {2}ok {5}bundle: 0\.\d\d MiB after gzip/);
  expect(lines.at(-2)).toMatch(/^ {2}(ok {3}|warn ) {2}start-up: \d+ ms/);
  expect(lines.at(-1)).toBe("Nothing is wrong.");
  expect(runs.join("\n")).toContain("--dry-run: exiting now.");
  expect(code).toBe(0);
});

describe("npm run deploy -- --check", () => {
  let hub: HubProcess;
  beforeAll(async () => {
    hub = await startHub();
  });
  afterAll(() => hub.remove());

  const projects = async () => (await call<{ projects: unknown[] }>(hub, "GET", "/api/projects")).projects;

  function start(environment: Record<string, string>) {
    const { HUB_KEY, HUB_ADMIN_TOKEN, ...rest } = process.env;
    const child = spawn(process.execPath, [DEPLOY, "--check", hub.url], { env: { ...rest, ...environment } });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on("line", (line) => lines.push(line));
    }
    return { child, lines, ended: once(child, "close") };
  }

  test("a hub that works checks itself, and nothing of it is left", async () => {
    const { lines, ended } = start({ HUB_KEY: hub.token });
    expect([await ended, lines.at(-1)]).toEqual([[0, null], expect.stringContaining("The hub works")]);
    const steps = lines.flatMap((line) => /^ {2}ok {5}(\w+): .* \([\d.]+ m?s\)$/.exec(line)?.[1] ?? []);
    expect(steps).toEqual(["health", "project", "service", "up", "cleaned"]);
    expect(lines.join("\n")).not.toContain(hub.token);
    expect(await projects()).toEqual([]);
  });

  test("Ctrl-C deletes what was made", async () => {
    const { child, lines, ended } = start({ HUB_ADMIN_TOKEN: hub.token });
    createInterface(child.stdout).on("line", (line) => {
      if (line.includes("project: deploy-check-")) child.kill("SIGINT");
    });
    expect(await ended).toEqual([1, null]);
    expect(lines.join("\n")).toMatch(/cleaned: .*deleted.*interrupted/s);
    expect(await projects()).toEqual([]);
  });

  test("a key that the hub does not know is refused before anything is made", async () => {
    const { lines, ended } = start({ HUB_KEY: "hub_of-someone-else" });
    expect(await ended).toEqual([1, null]);
    expect(lines.join("\n")).toMatch(/project: 401: .*set HUB_KEY/);
    expect(lines.join("\n")).not.toMatch(/someone-else|cleaned/);
  });
});

test("wrangler's own output goes to the terminal unless it is asked for", async () => {
  const wrangler = wranglerIn(ROOT);
  expect(await wrangler(["--version"])).toEqual({ code: 0, output: "" });
  expect(await wrangler(["--version"], { capture: true })).toEqual({ code: 0, output: expect.stringMatching(/^4\./) });
  expect(await wrangler(["no-such-command"], { capture: true })).toMatchObject({ code: 1 });
});
