/**
 * The commands of `npm run relay`: start a local relay with its core, print a relay's configuration for production, or
 * make the stream on a core.
 */

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../core/values/error-message.ts";
import { parsedLine, UsageError } from "../node/command-line.ts";
import { ANY_PORT, renderRelay } from "./config.ts";
import { startLocalServers } from "./servers.ts";
import { HUB_EVENTS, setUpStream, streamSettings } from "./stream.ts";

const USAGE = `Usage:
  npm run relay -- [--hub-id ID] [--port N] [--core-port N] [--state DIR]
      starts a core with JetStream and a relay on this machine, and makes the stream ${HUB_EVENTS}
  npm run relay -- config --core-url URL --cert FILE --key FILE --password-file FILE [--hub-id ID] [--listen ADDRESS:PORT]
      prints the configuration of a relay beside an existing cluster: nats-server -c relay.conf
  npm run relay -- stream --core-url nats://[USER:PASSWORD@]HOST:PORT [--replicas N]
      makes the stream ${HUB_EVENTS} on an existing cluster, or brings it up to date

  --hub-id         the hub's HUB_ID (hub-main)
  --port           of the relay's websocket on the loopback (8222)
  --core-port      of the core, for ordinary clients (4222)
  --state          folder of the local servers' files (.hub/nats)
  --core-url       config: nats-leaf://HOST:7422 or tls://HOST:7422; stream: nats://HOST:4222. Or CORE_URL: a
                   password in it would be seen by everybody on this machine in the list of processes
  --listen         of the relay's websocket (0.0.0.0:443)
  --password-file  holds what the hub gets as NATS_PASSWORD
  --replicas       copies of the stream in the cluster (1)`;

const OPTIONS = {
  "hub-id": { type: "string", default: "hub-main" },
  port: { type: "string", default: "8222" },
  "core-port": { type: "string", default: "4222" },
  state: { type: "string", default: ".hub/nats" },
  "core-url": { type: "string" },
  listen: { type: "string", default: "0.0.0.0:443" },
  cert: { type: "string" },
  key: { type: "string" },
  "password-file": { type: "string" },
  replicas: { type: "string", default: "1" },
  help: { type: "boolean", default: false },
} as const;

export interface RelayIo {
  out(line: string): void;
  err(line: string): void;
  /** Resolves when the user wants the program to end. */
  stopped: Promise<void>;
}

type Values = ReturnType<typeof parse>["values"];

/** Returns the exit code: 0 for success, 1 for a failure, 2 for a wrong command line. */
export async function runRelay(argv: readonly string[], io: RelayIo): Promise<number> {
  try {
    const { values, positionals } = parse(argv);
    if (values.help) {
      io.out(USAGE);
      return 0;
    }
    const [command = "start", ...rest] = positionals;
    if (rest.length > 0) throw new UsageError(`unexpected: ${rest.join(" ")}`);
    return await execute(command, values, io);
  } catch (error) {
    const message = messageOf(error);
    const isUsage = error instanceof UsageError;
    io.err(isUsage ? `${message}\n\n${USAGE}` : message);
    return isUsage ? 2 : 1;
  }
}

function parse(argv: readonly string[]) {
  return parsedLine(argv, { options: OPTIONS, allowPositionals: true });
}

function execute(command: string, values: Values, io: RelayIo): Promise<number> {
  switch (command) {
    case "start":
      return startLocal(values, io);
    case "config":
      return printConfig(values, io);
    case "stream":
      return makeStream(values, io);
    default:
      throw new UsageError(`unknown command: ${command}`);
  }
}

async function startLocal(values: Values, io: RelayIo): Promise<number> {
  const port = portNumber(values.port, "--port");
  const core_port = portNumber(values["core-port"], "--core-port");
  const servers = await startLocalServers({
    folder: resolve(values.state),
    hub_id: values["hub-id"],
    port,
    core_port,
  });
  try {
    await setUpStream(`nats://127.0.0.1:${core_port}`);
    io.out(`relay ready at ws://127.0.0.1:${port}  core: nats://127.0.0.1:${core_port}`);
    io.out(`now: npm start -- --var NATS_URL=ws://127.0.0.1:${port}`);
    const ended = await Promise.race([io.stopped, servers.ended]);
    if (ended !== undefined) throw new Error(`${ended} ended by itself`);
    return 0;
  } finally {
    await servers.stop();
  }
}

async function printConfig(values: Values, io: RelayIo): Promise<number> {
  const password = (await readFile(needed(values, "password-file"), "utf8")).trim();
  const config = await renderRelay({
    server_name: `relay-${values["hub-id"]}`,
    client_port: ANY_PORT,
    websocket_listen: values.listen,
    tls: { cert: needed(values, "cert"), key: needed(values, "key") },
    core_url: needed(values, "core-url"),
    hub_id: values["hub-id"],
    hub_password: password,
  });
  io.out(config);
  return 0;
}

async function makeStream(values: Values, io: RelayIo): Promise<number> {
  const replicas = Number(values.replicas);
  if (![1, 3, 5].includes(replicas)) throw new UsageError("--replicas: expected 1, 3 or 5");
  const done = await setUpStream(needed(values, "core-url"), streamSettings(replicas));
  io.out(`stream ${HUB_EVENTS} ${done}`);
  return 0;
}

function needed(values: Values, name: "core-url" | "cert" | "key" | "password-file"): string {
  const value = values[name] ?? (name === "core-url" ? process.env.CORE_URL : undefined);
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
}

function portNumber(text: string, name: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError(`${name}: expected a port number`);
  return port;
}
