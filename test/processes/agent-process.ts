/** An agent as a user starts it, in a process of its own with a state folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { temporaryFolder } from "../servers/child-process.ts";
import { call } from "./hub-client.ts";
import type { HubProcess } from "./hub-process.ts";

const HUB = fileURLToPath(new URL("../../src/cli/hub.ts", import.meta.url));
const FAST = fileURLToPath(new URL("../fast/agent.ts", import.meta.url));

export interface AgentProcess {
  readonly pid: number;
  /** Everything that it printed since the last start. */
  readonly lines: readonly string[];
  /** The state folder. */
  readonly state: string;
  stop(signal?: NodeJS.Signals): Promise<void>;
  start(): void;
  remove(): Promise<void>;
}

export interface AgentProcessOptions {
  /** URL of the hub. */
  hub: string;
  key: string;
  name: string;
  /** By name: program and arguments. */
  commands?: Readonly<Record<string, readonly string[]>>;
  environment?: Readonly<Record<string, string>>;
  /** Of a fast hub, whose clock the agent shares. */
  pace?: HubProcess["pace"];
}

export async function startAgent({
  hub,
  key,
  name,
  commands = {},
  environment,
  pace = {},
}: AgentProcessOptions): Promise<AgentProcess> {
  const folder = await temporaryFolder("agent");
  const config = join(folder.path, "agent.yaml");
  const runs = Object.entries(commands).map(([command, run]) => [command, { run }]);
  await writeFile(config, stringify({ commands: Object.fromEntries(runs) }));
  const program = "FAST_CLOCK" in pace ? [FAST] : [HUB, "agent"];
  const args = [...program, "--hub", hub, "--name", name, "--config", config, "--state", join(folder.path, "state")];
  let child: ChildProcess;
  let lines: string[] = [];
  const start = () => {
    lines = [];
    const into = lines;
    child = spawn(process.execPath, args, { env: { ...process.env, ...environment, ...pace, HUB_KEY: key } });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface(stream).on("line", (line) => into.push(line));
    }
  };
  const stop = async (signal: NodeJS.Signals = "SIGINT") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  start();
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    get lines() {
      return lines;
    },
    state: join(folder.path, "state"),
    start,
    stop,
    async remove() {
      await stop("SIGKILL");
      await folder.remove();
    },
  };
}

/** Sets the agent up at the hub and returns its key. */
export async function setUpAgent(hub: HubProcess, name: string): Promise<string> {
  return (await call<{ key: string }>(hub, "PUT", `/api/agents/${name}`)).key;
}
