/** `hub agent`: from the command line to the end of the agent. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { nameSchema } from "../core/service/names.ts";
import type { Clock } from "../core/time/clock.ts";
import { messageOf } from "../core/values/error-message.ts";
import { parsedLine, UsageError } from "../node/command-line.ts";
import { lockFolder } from "../node/folder-lock.ts";
import { privateFolder } from "../node/private-folder.ts";
import { Agent } from "./agent.ts";
import { type AgentFile, parseAgentFile } from "./agent-settings.ts";
import { connectEngine } from "./containers/engine.ts";
import { patternsOf } from "./reach.ts";

export const AGENT_USAGE = `Usage: hub agent [options]

Checks the services that its hub assigned to it, from inside a private network, and reports what it finds. It only
speaks outbound, to the hub.

  --hub URL          the hub (or HUB_URL)
  --name NAME        the agent's name at the hub (or HUB_AGENT; default: this machine's name)
  --config FILE      YAML with the commands that checks of the method exec may name:
                       commands:
                         disk:
                           run: [/usr/lib/nagios/plugins/check_disk, -w, 20%, -c, 10%]
                           timeout: 10
                     what labels of containers may do beyond their container:
                       labels: {commands: [disk], targets: [db.example.com, "*.internal:8080"]}
                     and link-local addresses that checks may ask: targets: [169.254.1.1]
  --docker HOST      the engine whose containers are registered: unix:///PATH or tcp://HOST:PORT (or DOCKER_HOST, with
                     DOCKER_CERT_PATH for TLS; default the local socket of Docker or Podman, if there is one)
  --no-docker        follow no containers
  --take-over        take the name from another agent that has it
  --state DIR        folder for what waits while the hub is away (default below ~/.local/state/commandcenter-hub)
  --help             this text

HUB_KEY            the agent's key: PUT /api/agents/NAME shows it once
PROBE_SECRET_*     secrets that checks name as \${PROBE_SECRET_X}; PROBE_SECRET_X_HOSTS says which targets may get them:
                     names or addresses with commas, *.internal for all below, * for every host

It ends with 0 on Ctrl-C, 1 when it can't run, 2 for a wrong command line.`;

const SOCKETS = ["/var/run/docker.sock", "/run/podman/podman.sock"];

export interface AgentIo {
  clock: Clock;
  environment: Readonly<Record<string, string | undefined>>;
  out(line: string): void;
  err(line: string): void;
  /** Resolves when the agent is asked to stop. */
  stopped: Promise<unknown>;
}

interface Arguments {
  hub: string;
  key: string;
  name: string;
  state: string;
  takesOver: boolean;
  file: AgentFile;
  /** Null: none. */
  engine: string | null;
}

/** Returns the exit code. */
export async function runAgent(argv: readonly string[], io: AgentIo): Promise<number> {
  try {
    const values = parse(argv);
    if (values.help) {
      io.out(AGENT_USAGE);
      return 0;
    }
    await run(argumentsOf(values, io.environment), io);
    return 0;
  } catch (error) {
    io.err(messageOf(error));
    if (!(error instanceof UsageError)) return 1;
    io.err(`\n${AGENT_USAGE}`);
    return 2;
  }
}

async function run({ hub, key, name, state, takesOver, file, engine }: Arguments, io: AgentIo): Promise<void> {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const release = lockFolder(state);
  const stop = new AbortController();
  void io.stopped.then(() => stop.abort());
  try {
    const told = privateFolder(state);
    if (told !== null) io.out(told);
    io.out(`agent ${name} for ${hub}`);
    const { environment, out: log, clock } = io;
    const { commands, targets, labels } = file;
    const certificates = environment.DOCKER_CERT_PATH;
    const connect = engine === null ? null : () => connectEngine(engine, certificates);
    const given = { hub, key, name, state, takesOver, commands, environment, ...rulesOf({ targets, labels }) };
    await new Agent({ ...given, clock, log, signal: stop.signal, connectEngine: connect }).run();
  } finally {
    stop.abort();
    release();
  }
}

/** Targets that labels may point to may be asked by other checks, too. */
function rulesOf({
  targets = [],
  labels: { commands = [], targets: hosts = [] } = {},
}: Pick<AgentFile, "targets" | "labels">) {
  return { targets: patternsOf([...targets, ...hosts]), labels: { commands, targets: patternsOf(hosts) } };
}

function parse(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const help = { type: "boolean", short: "h", default: false } as const;
  const flag = { type: "boolean", default: false } as const;
  const flags = { "no-docker": flag, "take-over": flag, help };
  const options = { hub: text, name: text, config: text, docker: text, state: text, ...flags };
  return parsedLine(argv, { options }).values;
}

function argumentsOf(values: ReturnType<typeof parse>, environment: AgentIo["environment"]): Arguments {
  const hub = values.hub ?? environment.HUB_URL ?? "";
  if (!URL.canParse(hub) || !/^https?:/.test(hub)) throw new UsageError("--hub: expected the http(s) URL of a hub");
  const key = environment.HUB_KEY ?? "";
  if (key === "") throw new UsageError("HUB_KEY: expected the key of the agent");
  const name = values.name ?? environment.HUB_AGENT ?? nameOfMachine();
  if (!nameSchema.safeParse(name).success) {
    throw new UsageError(`--name: expected 1 to 63 of a-z, 0-9, _ and -, not ${JSON.stringify(name)}`);
  }
  const file = values.config === undefined ? { commands: {} } : readConfig(values.config);
  const state = values.state ?? join(stateHome(environment), "commandcenter-hub", `agent-${name}`);
  const engine = values["no-docker"] ? null : engineOf(values.docker ?? environment.DOCKER_HOST);
  return { hub: hub.replace(/\/+$/, ""), key, name, state, takesOver: values["take-over"], file, engine };
}

function engineOf(given: string | undefined): string | null {
  if (given === undefined || given === "") {
    const socket = SOCKETS.find((path) => existsSync(path));
    return socket === undefined ? null : `unix://${socket}`;
  }
  if (/^(unix|tcp):\/\//.test(given)) return given;
  throw new UsageError(`--docker: expected unix:///PATH or tcp://HOST:PORT, not ${JSON.stringify(given)}`);
}

function readConfig(file: string): AgentFile {
  try {
    return parseAgentFile(readFileSync(file, "utf8"), file);
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function nameOfMachine(): string {
  const [first = ""] = hostname().toLowerCase().split(".");
  return first.replace(/[^a-z0-9_-]/g, "-").replace(/^[^a-z0-9]+/, "");
}

function stateHome(environment: AgentIo["environment"]): string {
  return environment.XDG_STATE_HOME || join(homedir(), ".local", "state");
}
