/**
 * Runs the commands that the agent's own configuration names. Nothing that came from the hub becomes a part of a
 * command line.
 */

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Check } from "../core/service/check.ts";
import type { Observation } from "../core/service/records.ts";
import { withoutLateness } from "../core/status/late-measurement.ts";
import { asError } from "../core/values/error-message.ts";
import { boundedErrorText } from "../core/values/error-text.ts";
import { type Standstills, stoodStill } from "../probes/lateness.ts";
import type { Commands } from "./agent-settings.ts";
import { type PluginResult, readPlugin } from "./plugin-output.ts";

const MAX_OUTPUT_BYTES = 65_536;
/** Of the agent itself: its key and the secrets of probes among them. A command gets everything else. */
const OWN_VARIABLES = /^(HUB_|PROBE_SECRET_)/i;
/** After SIGTERM, until SIGKILL. */
const GRACE_MS = 1_000;
/** After the end of a command, for the rest of its output. */
const DRAIN_MS = 200;

export interface ExecContext {
  commands: Commands;
  vantage: string;
  /** Unix ms. */
  now(): number;
  lateness: Standstills;
}

type Ran = PluginResult & { timedOut: boolean };

/** Never throws: whatever happens is an observation. */
export async function runExec(check: Check, { commands, vantage, now, lateness }: ExecContext): Promise<Observation> {
  const at = now();
  const name = check.health_options.command ?? "";
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const error = boundedErrorText(`exec: this agent has no command named ${JSON.stringify(name)}`);
    return { at, vantage, verdict: "unprobeable", latency_ms: null, error, details: {} };
  }
  const timeoutS = Math.min(check.health_timeout, command.timeout ?? check.health_timeout);
  const { timedOut, ...result } = await lateness.during(() => run(command.run, timeoutS));
  const endedAt = now();
  const stood = stoodStill(lateness, { from: at, to: endedAt, timedOut });
  return withoutLateness({ at, vantage, latency_ms: endedAt - at, ...result }, stood);
}

function run([program = "", ...args]: readonly string[], timeoutS: number): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  const end = (result: PluginResult, timedOut = false) => resolve({ ...result, timedOut });
  const child = spawned(program, args);
  if (child instanceof Error) {
    end(notRun(child));
    return promise;
  }
  const read = { stdout: collect(child.stdout), stderr: collect(child.stderr) };
  let timedOut = false;
  const judge = (code: number | null, signal: NodeJS.Signals | null) => {
    clearTimeout(timer);
    child.stdout.destroy(); // what it left running may hold them for long
    child.stderr.destroy();
    if (timedOut) end({ verdict: "fail", error: `exec: timeout after ${timeoutS} s`, details: {} }, true);
    else if (code === null) end({ verdict: "fail", error: `exec: ended by ${signal}`, details: {} });
    else end(readPlugin(code, read.stdout() || read.stderr()));
  };
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid, "SIGTERM");
    setTimeout(() => endGroup(child.pid, "SIGKILL"), GRACE_MS).unref();
    setTimeout(() => judge(null, null), GRACE_MS + DRAIN_MS).unref(); // whatever becomes of it
  }, timeoutS * 1_000);
  child.once("error", (error) => {
    clearTimeout(timer);
    end(notRun(error));
  });
  child.once("exit", (code, signal) => setTimeout(() => judge(code, signal), DRAIN_MS));
  child.once("close", judge);
  return promise;
}

/** Node throws some errors at once, such as that of a list of arguments which is too long, and tells others later. */
function spawned(program: string, args: string[]) {
  try {
    // A group of its own, so that what the command started ends with it.
    return spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !OWN_VARIABLES.test(name))),
    });
  } catch (error) {
    return asError(error);
  }
}

function notRun({ message }: Error): PluginResult {
  return { verdict: "unprobeable", error: boundedErrorText(`exec: ${message}`), details: {} };
}

/** Returns a function that returns what was read so far. */
function collect(stream: Readable): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk);
  });
  stream.on("error", () => {}); // the end of the command tells what there is to tell
  return () => Buffer.concat(chunks).toString("utf8");
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}
