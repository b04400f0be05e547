/**
 * Runs the commands that the agent's own configuration names. Nothing that came from the hub becomes a part of a
 * command line.
 */
import { spawn } from "node:child_process";
import type { Check } from "../core/check.ts";
import { boundedErrorText } from "../core/error-text.ts";
import { withoutLateness } from "../core/late-measurement.ts";
import type { Observation } from "../core/records.ts";
import type { Standstills } from "../probes/lateness.ts";
import type { Commands } from "./agent-settings.ts";
import { type PluginResult, readPlugin } from "./plugin-output.ts";

const MAX_OUTPUT_BYTES = 65_536;
/** After SIGTERM, until SIGKILL. */
const GRACE_MS = 1_000;

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
  const stood = { late_ms: Math.round(lateness.within(at, endedAt)), took_ms: endedAt - at, timedOut };
  return withoutLateness({ at, vantage, latency_ms: endedAt - at, ...result }, stood);
}

function run([program = "", ...args]: readonly string[], timeoutS: number): Promise<Ran> {
  return new Promise((resolve) => {
    // A group of its own, so that what the command started ends with it.
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    const output: Record<"stdout" | "stderr", Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_OUTPUT_BYTES) output[name].push(chunk);
      });
    }
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup(child.pid, "SIGTERM");
      setTimeout(() => endGroup(child.pid, "SIGKILL"), GRACE_MS).unref();
    }, timeoutS * 1_000);
    const end = (result: PluginResult) => resolve({ ...result, timedOut });
    child.once("error", (error) => {
      clearTimeout(timer);
      end({ verdict: "unprobeable", error: boundedErrorText(`exec: ${error.message}`), details: {} });
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (timedOut) end({ verdict: "fail", error: `exec: timeout after ${timeoutS} s`, details: {} });
      else if (code === null) end({ verdict: "fail", error: `exec: ended by ${signal}`, details: {} });
      else end(readPlugin(code, textOf(output.stdout) || textOf(output.stderr)));
    });
  });
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString("utf8");
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // it has ended
  }
}
