/** Real nats-servers on the loopback: a core with JetStream and a relay that joins it as a leaf node. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type RelayOptions, renderCore, renderRelay } from "../../src/relay/config.ts";
import { type StreamSettings, setUpStream } from "../../src/relay/stream.ts";
import { freePort, type Started, type StartedProgram, startProgram, temporaryFolder } from "./child-process.ts";

export const NATS_PASSWORD = "hub-password";

/** A server that can be away for a while: the same ports and files when it is back. */
export interface NatsServer {
  start(): Promise<void>;
  /** With SIGKILL. */
  kill(): Promise<void>;
  /** Its connections stay open, and it is silent. */
  freeze(): void;
  thaw(): void;
}

export interface NatsPair {
  core: NatsServer;
  relay: NatsServer;
  /** Where ordinary clients of the machine find the relay. */
  relay_client_url: string;
  /** Where ordinary clients find the core. */
  core_url: string;
  /** Where hubs find the relay. */
  relay_url: string;
  /** Makes HUB_EVENTS. */
  setUp(config?: StreamSettings): Promise<unknown>;
  /** Ends both and removes their files. */
  stop(): Promise<void>;
}

export interface NatsPairOptions {
  hub_id?: string;
  /** More for the end of the core's configuration. */
  core?: string;
  /** `user:password` with which the relay, and whoever sets up the stream, join the core. */
  login?: string;
}

export async function startNatsPair(options: NatsPairOptions = {}): Promise<NatsPair> {
  const folder = await temporaryFolder("nats");
  const [core_port, leaf_port, client_port, websocket] = await Promise.all([1, 2, 3, 4].map(() => freePort()));
  if (!core_port || !leaf_port || !client_port || !websocket) throw new Error("no port");
  const login = options.login === undefined ? "" : `${options.login}@`;
  const files = { core: join(folder.path, "core.conf"), relay: join(folder.path, "relay.conf") };
  const coreText = await renderCore({ core_port, leaf_port, store: join(folder.path, "jetstream") });
  await writeFile(files.core, `${coreText}\n${options.core ?? ""}\n`);
  const relayOptions: RelayOptions = {
    server_name: "relay",
    client_port,
    websocket_listen: `127.0.0.1:${websocket}`,
    core_url: `nats-leaf://${login}127.0.0.1:${leaf_port}`,
    hub_id: options.hub_id ?? "hub-main",
    hub_password: NATS_PASSWORD,
  };
  await writeFile(files.relay, await renderRelay(relayOptions));
  const core = natsServer(files.core, core_port);
  const relay = natsServer(files.relay, websocket);
  const core_url = `nats://${login}127.0.0.1:${core_port}`;
  const relay_url = `ws://127.0.0.1:${websocket}`;
  await core.start();
  await relay.start();
  return {
    core,
    relay,
    relay_client_url: `nats://127.0.0.1:${client_port}`,
    core_url,
    relay_url,
    setUp: (config) => setUpStream(core_url, config),
    stop: async () => {
      await Promise.all([core.kill(), relay.kill()]);
      await folder.remove();
    },
  };
}

/** One server with the given configuration, which says `{{port}}` where its websocket listens. */
export async function startNats(configuration: string): Promise<Started & { url: string }> {
  const folder = await temporaryFolder("nats");
  const port = await freePort();
  const file = join(folder.path, "nats.conf");
  await writeFile(file, configuration.replaceAll("{{port}}", String(port)).replaceAll("{{folder}}", folder.path));
  const server = natsServer(file, port);
  try {
    await server.start();
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return { port, url: `ws://127.0.0.1:${port}`, stop: () => server.kill().then(folder.remove) };
}

function natsServer(file: string, port: number): NatsServer {
  let running: StartedProgram | null = null;
  return {
    freeze: () => running?.signal("SIGSTOP"),
    thaw: () => running?.signal("SIGCONT"),
    start: async () => {
      running ??= await startProgram({ command: "nats-server", args: ["-c", file], port, stopSignal: "SIGKILL" });
    },
    kill: async () => {
      await running?.stop();
      running = null;
    },
  };
}
