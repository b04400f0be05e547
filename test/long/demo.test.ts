/** `npm run demo` as a user runs it: three hubs, one of them killed and back, and nothing left behind. */
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import { runDemo } from "../../src/demo/run-demo.ts";
import { run } from "../servers/child-process.ts";
import { until } from "../until.ts";

const DASHBOARD = /^ {2}\d {2}(\S+) {2}(http:\S+) {2}admin token: \S+$/gm;

const get = async <T>(url: string): Promise<T> => (await (await fetch(url)).json()) as T; // as the API answers
const peers = async (url: string) => (await get<{ hubs: Peer[] }>(`${url}/api/federation/hubs`)).hubs;
const statusOf = async (url: string, id: string) => (await peers(url)).find(({ hub_id }) => hub_id === id)?.status;
const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith("hub-demo-"));

async function descendants(): Promise<string[]> {
  const { stdout } = await run("ps", ["-eo", "pid=,ppid=,comm="]);
  const rows = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  const found = [String(process.pid)];
  for (const parent of found) {
    for (const [child = "", of, name] of rows) if (of === parent && name !== "ps") found.push(child);
  }
  return found;
}

test("three hubs that know each other, one killed and started again, and an end that leaves nothing", async () => {
  const before = { processes: await descendants(), folders: folders() };
  const lines: string[] = [];
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  let type: (line: string) => void = () => {};
  const say = (line: string) => void lines.push(line);
  const onLine = (heard: typeof type) => {
    type = heard;
  };
  const io = { out: say, err: say, onLine, stopped };
  const ended = runDemo([], io);
  try {
    await until(() => expect(lines.join("\n")).toContain("Ctrl-C ends everything"));
    const output = lines.join("\n");
    expect(output).toContain("nats sub");
    const [[, , eu = ""] = [], [, us = ""] = []] = [...output.matchAll(DASHBOARD)];
    await until(async () => expect((await peers(eu)).map(({ status }) => status)).toEqual(["up", "up"]));
    const search = `${eu}/api/federation/services?name=search&healthy=true`;
    await until(async () => expect(await get(search)).toMatchObject({ total: 3 }));
    type("2");
    await until(async () => expect(await statusOf(eu, us)).toBe("down"));
    expect(lines).toContain(`${us} is killed; the others go on`);
    type("2");
    await until(async () => expect(await statusOf(eu, us)).toBe("up"));
    type("7");
    await until(() => expect(lines).toContain("type 1, 2 or 3"));
  } finally {
    stop();
    expect(await ended).toBe(0);
  }
  expect(folders()).toEqual(before.folders);
  const left = (await descendants()).filter((pid) => !before.processes.includes(pid));
  expect(left).toEqual([]);
});

test("says how it is used", async () => {
  const lines: string[] = [];
  const io = {
    out: (line: string) => void lines.push(line),
    err: () => {},
    onLine: () => {},
    stopped: Promise.resolve(),
  };
  expect([await runDemo(["--help"], io), await runDemo(["--port"], io)]).toEqual([0, 2]);
  expect(lines.join()).toContain("Usage: npm run demo");
});
