/** The command as a process of its own, with the outputs that a shell gives it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { openOutput, type Printer } from "../../src/command/output.ts";
import { aProject, aService, startFakeHub } from "./fake-hub.ts";

const HUB = fileURLToPath(new URL("../../src/cli/hub.ts", import.meta.url));
const FULL = "/dev/full";
const SERVICES = 1_000;
/** Much more than a pipe holds, which is 64 KiB. */
const AT_LEAST = 200_000;

let folder: string;
let fake: Awaited<ReturnType<typeof startFakeHub>>;
let sockets: WebSocketServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hub-output-"));
  const services = Array.from({ length: SERVICES }, (_, index) => aService({ id: index + 1, name: `web-${index}` }));
  fake = await startFakeHub({
    "GET /api/projects": () => ({ body: { projects: [aProject()], next_cursor: null, total: 1 } }),
    "GET /api/services": () => ({ body: { services, next_cursor: null, total: SERVICES } }),
    "GET /api/summary": () => ({ body: { overall_status: "healthy", services: [], projects: [] } }),
  });
  sockets = new WebSocketServer({ server: fake.server, handleProtocols: () => "hub.v1" });
  sockets.on("connection", (socket) => {
    const project = { id: 1, name: "shop", status: "running" };
    let seq = 0;
    const timer = setInterval(() => {
      seq += 1;
      socket.send(JSON.stringify({ type: "project", seq, at: new Date().toISOString(), project }));
    }, 20);
    socket.on("close", () => clearInterval(timer));
  });
});
afterAll(async () => {
  for (const socket of sockets.clients) socket.terminate();
  sockets.close();
  await fake.stop();
  rmSync(folder, { recursive: true });
});

const started: ChildProcess[] = [];
afterEach(() => {
  for (const each of started.splice(0)) each.kill("SIGKILL");
});

const environment = () => ({ ...process.env, HUB_URL: fake.url, HUB_KEY: "k", XDG_CONFIG_HOME: folder });

/** `outputs`: where stdout and stderr go, as spawn takes them. */
function start(argv: string[], outputs: ("pipe" | number)[] = ["pipe", "pipe"]): ChildProcess {
  const child = spawn(process.execPath, [HUB, ...argv], { env: environment(), stdio: ["ignore", ...outputs] });
  started.push(child);
  return child;
}

/** Runs a line of bash in which `hub` is the command. Answers the exit code of the last part that failed. */
async function shell(line: string): Promise<{ code: number; out: string; err: string }> {
  const script = `set -o pipefail; hub() { "${process.execPath}" "${HUB}" "$@"; }; ${line}`;
  const child = spawn("bash", ["-c", script], { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  const ended = once(child, "close");
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

test.each([
  [["export"], (out: string) => out.match(/^ {2}- name: /gm)?.length],
  [["export", "--json"], (out: string) => JSON.parse(out)[0].services.length],
  [["services"], (out: string) => out.trimEnd().split("\n").length - 1],
])("hub %j gives a pipe all services", async (argv, count) => {
  const { code, out } = await shell(`hub ${argv.join(" ")} | cat`);
  expect([code, count(out)]).toEqual([0, SERVICES]);
});

test("a slow reader gets all services, too, however late it begins", async () => {
  const child = start(["services", "--json"]);
  const ended = once(child, "close");
  await pause(1_500);
  expect(child.exitCode).toBeNull();
  let out = "";
  child.stdout?.setEncoding("utf8");
  for await (const part of child.stdout ?? []) {
    out += part;
    await pause(20);
  }
  expect(out.length).toBeGreaterThan(AT_LEAST);
  expect(JSON.parse(out)).toHaveLength(SERVICES);
  expect((await ended)[0]).toBe(0);
});

test("a file gets all services", async () => {
  const file = join(folder, "services.json");
  const descriptor = openSync(file, "w");
  const [code] = await once(start(["services", "--json"], [descriptor, "pipe"]), "close");
  closeSync(descriptor);
  expect(code).toBe(0);
  expect(JSON.parse(readFileSync(file, "utf8"))).toHaveLength(SERVICES);
});

test.runIf(existsSync(FULL)).each(["export", "--help", "completion bash", "agent --help"])(
  "hub %s on a full disk fails and says why",
  async (argv) => {
    const { code, err } = await shell(`hub ${argv} > ${FULL}`);
    expect([code, err]).toEqual([1, expect.stringMatching(/^the output is not complete: ENOSPC/)]);
  },
);

test.runIf(existsSync(FULL))("hub watch on a full disk fails at once", async () => {
  expect((await shell(`hub watch > ${FULL}`)).code).toBe(1);
});

test.runIf(existsSync(FULL))("errors that nobody can read still end with a code that says so", async () => {
  expect((await shell(`hub nonsense 2> ${FULL}`)).code).toBe(1);
});

test.each(["export | head -1", "watch | head -2", "watch --json | head -1"])(
  "hub %s ends with its reader, quietly",
  async (argv) => {
    const { code, out, err } = await shell(`hub ${argv}`);
    expect([code, err]).toEqual([0, ""]);
    expect(out.trimEnd().split("\n")).toHaveLength(argv.endsWith("2") ? 2 : 1);
  },
);

test.each([
  ["export --project nobody 2>&1 >/dev/null | true", 1],
  ["nonsense 2>&1 | true", 2],
  ["completion bash | true", 0],
])("hub %s ends with its own code, though nobody reads it", async (argv, code) => {
  expect((await shell(`hub ${argv}`)).code).toBe(code);
});

test("a command that fails still fails when its output is a pipe", async () => {
  expect((await shell("hub export --project nobody | cat")).code).toBe(1);
});

function testOutput(stdout: Printer, isProgram = false) {
  const [told, codes]: [string[], number[]] = [[], []];
  const stderr = { stream: new PassThrough(), writeAll: null };
  const output = openOutput({
    stdout,
    stderr,
    complain: (line) => void told.push(line),
    exit: (code) => void codes.push(code),
    isProgram,
  });
  return { output, told, codes };
}

test("a disk that is full in the middle of a file is told", () => {
  const writeAll = () => {
    throw new Error("ENOSPC: no space left on device");
  };
  const { output, told, codes } = testOutput({ stream: new PassThrough(), writeAll });
  output.out("line");
  expect([told, codes]).toEqual([["the output is not complete: ENOSPC: no space left on device"], [1]]);
});

test.each([
  ["EPIPE", false, [], []],
  ["EIO", false, ["the output is not complete: EIO"], [1]],
  ["EIO", true, [], []],
])(
  "the error %s of a stream (of a program: %j) is told by %j and the code %j",
  async (code, isProgram, words, exits) => {
    const stream = new PassThrough();
    const { output, told, codes } = testOutput({ stream, writeAll: null }, isProgram);
    const closed = new Promise((resolve) => stream.once("close", resolve));
    stream.destroy(Object.assign(new Error(code), { code }));
    await closed;
    expect([told, codes]).toEqual([words, exits]);
    output.out("more");
    await output.flushed();
  },
);
