/** A hub as a user starts it: `node src/cli/start.ts` in a process of its own, with a state folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../src/core/time/clock.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { fastClock, paceText, SPEED } from "../fast/fast-clock.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { beginEpoch } from "./database-file.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const START = fileURLToPath(new URL("../../src/cli/start.ts", import.meta.url));
const HUB = fileURLToPath(new URL("../../src/cli/hub.ts", import.meta.url));
const TICKING = fileURLToPath(new URL("ticking-hub.ts", import.meta.url));
const FAR = fileURLToPath(new URL("../far/hub.ts", import.meta.url));
const FAST = fileURLToPath(new URL("../fast/hub.ts", import.meta.url));
const READY = /^CommandCenter Hub ready at (\S+) {2}admin token: (.+)$/;
/** Printed in place of an admin token that is a setting. */
const GIVEN = "as in HUB_ADMIN_TOKEN";
/** Of all fast hubs here: hubs of a federation must agree on the time. */
const pace = { origin: Date.now(), speed: SPEED };
const START_LIMIT_MS = 180_000;
const STOP_LIMIT_MS = 10_000;

export interface HubProcessOptions {
  /** Settings, as `--var`. */
  vars?: Readonly<Record<string, string>>;
  /** More arguments. */
  args?: readonly string[];
  /** Fills the state folder before the first start. By default it gets an empty database, when the tests have one. */
  prepare?(state: string): Promise<void>;
  /** Started by `npm start`, whose own process counts as a part of the hub then. */
  underNpm?: boolean;
  /** Started by `hub start`. */
  byHubCommand?: boolean;
  /** Runs as this user. */
  identity?: { uid: number; gid: number };
  /** Can be told to run its scheduled handler for a time of the past. */
  ticking?: boolean;
  /** Its clock runs five times as fast as the machine's, and so do its intervals, graces, retries and its cron. */
  fast?: boolean;
  /** On a platform at its worst: see far-platform.ts. It is `ticking`, too. */
  far?: boolean;
  /** More variables of its environment. */
  environment?: Readonly<Record<string, string>>;
}

export interface HubProcess {
  /** What the hub takes for the time. */
  readonly clock: Clock;
  /** Of a fast hub: what those who share its clock have in their environment. */
  readonly pace: Readonly<Record<string, string>>;
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
  /** Of the process that was started: node, or npm. */
  readonly pid: number;
  /** The state folder. */
  readonly state: string;
  /** Everything that was printed since the last start, by line. */
  readonly lines: readonly string[];
  /** Of the runtime, the hub's other process. */
  runtimePid(): Promise<number>;
  /** A request with the admin token. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** As Ctrl-C does; answers the exit code. The state stays until `remove`. */
  stop(): Promise<number | null>;
  kill9(): Promise<void>;
  /** Starts again on the same state folder and port, after `stop` or `kill9`; stops first when it still runs. */
  restart(changed?: Pick<HubProcessOptions, "underNpm" | "ticking">): Promise<void>;
  /** Runs the scheduled handler for a time, Unix ms; only of a hub that is `ticking` or `far`. */
  tick(at: number): Promise<void>;
  /** Loses the hub's own ticks until the time, Unix ms; only of a hub that is `ticking` or `far`. */
  loseTicks(until: number): Promise<void>;
  /** Stops it and removes its state folder. */
  remove(): Promise<void>;
}

interface Running {
  child: ChildProcess;
  url: string;
  token: string;
  lines: string[];
}

/** Resolves when the hub has said that it is ready; rejects with what it printed when it ends before. */
export async function startHub(given: HubProcessOptions = {}): Promise<HubProcess> {
  const environment: Record<string, string> = given.fast === true ? { FAST_CLOCK: paceText(pace) } : {};
  let options: HubProcessOptions = { ...given, environment: { ...given.environment, ...environment } };
  const folder = await temporaryFolder("hub");
  const vars = Object.entries(options.vars ?? {}).flatMap(([name, value]) => ["--var", `${name}=${value}`]);
  const run = (port: string) =>
    launch(["--state", folder.path, "--port", port, ...vars, ...(options.args ?? [])], options).catch(async (error) => {
      await folder.remove();
      throw error;
    });
  await (options.prepare ?? copyEmptyState)(folder.path);
  let running = await run(String(await freePort()));
  const stop = async () => {
    await end(running.child, "SIGINT", options.underNpm);
    return running.child.exitCode;
  };
  return {
    clock: given.fast === true ? fastClock(pace, systemClock) : systemClock,
    pace: environment,
    get url() {
      return running.url;
    },
    get token() {
      return running.token;
    },
    get pid() {
      return running.child.pid ?? 0;
    },
    state: folder.path,
    get lines() {
      return running.lines;
    },
    runtimePid: async () => Number(await readFile(join(folder.path, "runtime/pid"), "utf8")),
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${running.token}`);
      return fetch(`${running.url}${path}`, { ...init, headers });
    },
    stop,
    kill9: () => end(running.child, "SIGKILL", options.underNpm),
    async restart(changed = {}) {
      await stop();
      options = { ...options, ...changed };
      running = await run(new URL(running.url).port);
    },
    tick: (at) => told(running, `${at}`, `ticked ${at}`),
    loseTicks: (until) => told(running, `lose ${until}`, `losing ${until}`),
    async remove() {
      await stop();
      await folder.remove();
    },
  };
}

/** See global-setup.ts. Outside of the tests there is none, and the hub makes its database itself. */
async function copyEmptyState(state: string): Promise<void> {
  const { HUB_EMPTY_STATE } = process.env;
  if (HUB_EMPTY_STATE === undefined) return;
  await cp(join(HUB_EMPTY_STATE, "v3"), join(state, "v3"), { recursive: true });
  beginEpoch(state);
}

function givenToken({ vars, environment }: HubProcessOptions): string {
  return vars?.HUB_ADMIN_TOKEN ?? environment?.HUB_ADMIN_TOKEN ?? "";
}

/** Resolves when the hub has answered the line. */
async function told({ child, lines }: Running, line: string, answer: string): Promise<void> {
  child.stdin?.write(`${line}\n`);
  while (!lines.includes(answer)) await new Promise((resolve) => setTimeout(resolve, 20));
}

function scriptOf({ byHubCommand, ticking, fast, far }: HubProcessOptions): string[] {
  if (fast && far) throw new Error("no hub is both fast and far");
  if (fast) return [FAST];
  if (far) return [FAR];
  if (ticking) return [TICKING];
  return byHubCommand ? [HUB, "start"] : [START];
}

async function launch(args: readonly string[], options: HubProcessOptions): Promise<Running> {
  const { underNpm = false, environment = {} } = options;
  const [program, before] = underNpm
    ? ["npm", ["--prefix", ROOT, "start", "--"]]
    : [process.execPath, scriptOf(options)];
  const child = spawn(program, [...before, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: underNpm,
    env: { ...process.env, ...environment },
    ...options.identity,
  });
  const lines: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Running>();
  const fail = (why: string) => reject(new Error(`the hub ${why}:\n${lines.join("\n")}`));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      const [, url, token] = READY.exec(line) ?? [];
      if (url === undefined || token === undefined) return;
      resolve({ child, url, token: token === GIVEN ? givenToken(options) : token, lines });
    });
  }
  child.once("error", reject);
  child.once("close", (code) => fail(`ended with code ${code}`));
  const timer = setTimeout(() => fail("was not ready in time"), START_LIMIT_MS);
  try {
    return await promise;
  } catch (error) {
    await end(child, "SIGKILL", underNpm);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** `group`: as Ctrl-C in a terminal, which reaches every process that was started there. */
async function end(child: ChildProcess, signal: NodeJS.Signals, group = false): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const { pid } = child;
  const ended = once(child, "close"); // every process of a group has let go of the streams
  const kill = (sent: NodeJS.Signals) => (group ? process.kill(-pid, sent) : child.kill(sent));
  kill(signal);
  const timer = setTimeout(() => kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
