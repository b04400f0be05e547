/** `npm run demo` as a user runs it: one command, three hubs, one of them killed and back, and nothing left behind. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Peer } from "../../src/core/live-protocol.ts";
import { run } from "../servers/child-process.ts";
import { until } from "./hub-client.ts";

const DEMO = fileURLToPath(new URL("../../src/demo/demo.ts", import.meta.url));
const DASHBOARD = /^ {2}\d {2}(\S+) {2}(http:\S+) {2}admin token: \S+$/gm;

const get = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T; // as the API answers
const peers = async (url: string) => (await get<{ hubs: Peer[] }>(`${url}/api/federation/hubs`)).hubs;
const statusOf = async (url: string, id: string) => (await peers(url)).find(({ hub_id }) => hub_id === id)?.status;

async function descendants({ pid }: ChildProcess): Promise<string[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,ppid="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const found = [String(pid)];
  for (const parent of found) for (const [child = "", of] of rows) if (of === parent) found.push(child);
  return found;
}

test("three hubs that know each other, one killed and started again, and an end that leaves nothing", async () => {
  const temporary = await mkdtemp(join(tmpdir(), "demo-test-"));
  const demo = spawn(process.execPath, [DEMO], { env: { ...process.env, TMPDIR: temporary } });
  let output = "";
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const ended = once(demo, "exit");
  try {
    await until(() => expect(output).toContain("Ctrl-C ends everything"), 60_000);
    expect(output).toContain("nats sub");
    const [[, , eu = ""] = [], [, us = ""] = []] = [...output.matchAll(DASHBOARD)];
    await until(async () => expect((await peers(eu)).map(({ status }) => status)).toEqual(["up", "up"]), 30_000);
    const search = `${eu}/api/federation/services?name=search&healthy=true`;
    await until(async () => expect(await get(search)).toMatchObject({ total: 3 }), 30_000);
    demo.stdin.write("2\n");
    await until(async () => expect(await statusOf(eu, us)).toBe("down"), 40_000);
    expect(output).toContain(`${us} is killed; the others go on`);
    demo.stdin.write("2\n");
    await until(async () => expect(await statusOf(eu, us)).toBe("up"), 40_000);
    const all = await descendants(demo);
    demo.kill("SIGINT");
    expect(await ended).toEqual([0, null]);
    const { stdout } = await run("ps", ["-eo", "pid="]);
    const alive = new Set(stdout.split(/\s+/));
    expect(all.filter((pid) => alive.has(pid))).toEqual([]);
    expect(await readdir(temporary)).toEqual([]);
  } finally {
    demo.kill("SIGINT");
    await ended;
    await rm(temporary, { recursive: true, force: true });
  }
}, 150_000);
