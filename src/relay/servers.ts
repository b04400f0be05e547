/** Starts a core and a relay on this machine, for trying the hub. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { claimPort } from "../cli/start/port.ts";
import { ANY_PORT, renderCore, renderRelay } from "./config.ts";

const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
const POLL_MS = 50;

export interface LocalRelayOptions {
  /** Folder for the configuration and JetStream's files. */
  folder: string;
  hub_id: string;
  /** Port of the relay's websocket. */
  port: number;
  /** Port of the core for ordinary clients. */
  core_port: number;
}

export interface LocalServers {
  /** Resolves with the name of the first server that ends by itself. */
  ended: Promise<string>;
  stop(): Promise<void>;
}

/** Rejects with the output of a server that does not start. */
export async function startLocalServers(options: LocalRelayOptions): Promise<LocalServers> {
  const { folder, hub_id, port, core_port } = options;
  const leaf_port = await claimPort(0, "127.0.0.1");
  await mkdir(folder, { recursive: true, mode: 0o700 }); // it may lie in the state folder of a hub
  const files = { core: join(folder, "core.conf"), relay: join(folder, "relay.conf") };
  await writeFile(files.core, await renderCore({ core_port, leaf_port, store: join(folder, "jetstream") }));
  const relay = await renderRelay({
    server_name: "relay",
    client_port: ANY_PORT,
    websocket_listen: `127.0.0.1:${port}`,
    core_url: `nats-leaf://127.0.0.1:${leaf_port}`,
    hub_id,
    hub_password: crypto.randomUUID(), // no client needs it, because `open` is set
    open: true,
  });
  await writeFile(files.relay, relay, { mode: 0o600 });
  const started: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(started.map(end));
  };
  try {
    for (const [file, waitFor] of [
      [files.core, core_port],
      [files.relay, port],
    ] as const) {
      if (await listens(waitFor)) throw new Error(`port ${waitFor} is taken: choose another, see --help`);
      started.push(await startServer(file, waitFor));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const exits = started.map((child, index) => once(child, "exit").then(() => (index === 0 ? "the core" : "the relay")));
  return { ended: Promise.race(exits), stop };
}

async function startServer(config: string, port: number): Promise<ChildProcess> {
  const child = spawn("nats-server", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  child.stderr.on("data", (chunk) => {
    output = (output + chunk).slice(-2_000);
  });
  const missing = new Promise<never>((_, reject) => {
    child.once("error", () => reject(new Error("nats-server is not installed (Debian: apt-get install nats-server)")));
  });
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`nats-server did not start:\n${output}`)));
  ended.catch(() => {}); // a later end is reported by `ended`
  await Promise.race([missing, ended, untilListening(port)]);
  return child;
}

async function untilListening(port: number): Promise<void> {
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; ) {
    if (await listens(port)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`nats-server did not listen on port ${port} in time`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const answer = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => answer(true)).once("error", () => answer(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
  await ended;
  clearTimeout(timer);
}
