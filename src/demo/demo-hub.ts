/** One hub of the demo, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { endLeftoverRuntime } from "../cli/start/workerd.ts";

const START = fileURLToPath(new URL("../cli/start.ts", import.meta.url));
const READY = /^CommandCenter Hub ready at (\S+) {2}admin token: (\S+)$/;
const STOP_LIMIT_MS = 10_000;
const LINES_KEPT = 20;

export interface DemoHubOptions {
  id: string;
  port: number;
  /** The state folder. */
  state: string;
  /** Settings. */
  vars: Readonly<Record<string, string>>;
}

export interface DemoHub {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  /** Kills the hub, or starts it again. Returns whether it runs now. */
  toggle(): Promise<boolean>;
  stop(): Promise<void>;
}

/** Rejects with the hub's output when it does not start. */
export async function startDemoHub({ id, port, state, vars }: DemoHubOptions): Promise<DemoHub> {
  const args = [START, "--port", String(port), "--state", state, "--quiet"];
  let running = await launch(args, vars);
  const { url, token } = running;
  return {
    id,
    url,
    token,
    async toggle() {
      if (isAlive(running.child)) {
        await end(running.child, "SIGKILL");
        await endLeftoverRuntime(state);
        return false;
      }
      running = await launch(args, vars);
      return true;
    },
    async stop() {
      await end(running.child, "SIGINT");
      await endLeftoverRuntime(state);
    },
  };
}

interface Running {
  child: ChildProcess;
  url: string;
  token: string;
}

/** The settings hold a secret, so they stand in no command line. */
async function launch(args: readonly string[], vars: DemoHubOptions["vars"]): Promise<Running> {
  // A group of its own, so that Ctrl-C reaches it only through this program.
  const env = { ...process.env, ...vars };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env });
  const lines: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Running>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.splice(0, lines.length - LINES_KEPT, line);
      const [, url, token] = READY.exec(line) ?? [];
      if (url !== undefined && token !== undefined) resolve({ child, url, token });
    });
  }
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`a hub ended with code ${code}:\n${lines.join("\n")}`)));
  return await promise;
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (!isAlive(child)) return;
  const ended = once(child, "exit");
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
