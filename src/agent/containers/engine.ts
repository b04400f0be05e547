/** The Docker Engine API, also as Podman speaks it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import { z } from "zod";
import { parseFrame } from "../../core/agent/agent-task.ts";
import type { Container, ContainerState, UsageSample } from "./container.ts";

const MAX_OUTPUT_BYTES = 65_536;
const STATES: readonly ContainerState[] = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];
/** Other words of Podman. */
const STATE_OF_WORD: Readonly<Record<string, ContainerState>> = {
  configured: "created",
  initialized: "created",
  stopped: "exited",
  stopping: "running",
};
/** Events that change what a container is to the hub. Podman says `remove` where Docker says `destroy`. */
const ACTIONS = /^(create|start|restart|die|oom|stop|kill|pause|unpause|rename|update|destroy|remove|health_status)/;

export interface EngineEvent {
  /** `die`, `health_status: unhealthy` and so on. */
  action: string;
  id: string;
}

export interface ExecResult {
  code: number;
  output: string;
}

/** An engine, as far as the agent needs it. Each signal ends its call, and the connection that the call has. */
export interface Engine {
  /** Ids of all containers, those that don't run too. */
  ids(signal: AbortSignal): Promise<string[]>;
  /** Null: there is no such container. */
  inspect(id: string, signal: AbortSignal): Promise<Container | null>;
  usage(id: string, signal: AbortSignal): Promise<UsageSample>;
  /** Runs a command with the container's shell. `begun` is called when the engine has started it. */
  exec(id: string, command: string, run: { signal: AbortSignal; begun(): void }): Promise<ExecResult>;
  /** Resolves when the engine listens. The list ends when the connection ends. */
  events(): Promise<AsyncGenerator<EngineEvent>>;
  close(): void;
}

/** `host`: `unix:///var/run/docker.sock`, `tcp://host:2376`. `certificates`: a folder with ca.pem, cert.pem, key.pem. */
export async function connectEngine(host: string, certificates?: string): Promise<Engine> {
  const { default: Client } = await import("dockerode"); // who has no containers does not load it
  return new DockerEngine(new Client(addressOf(host, certificates)));
}

function addressOf(host: string, certificates?: string): Docker.DockerOptions {
  if (host.startsWith("unix://")) return { socketPath: host.slice("unix://".length) };
  const { hostname, port } = new URL(host);
  const plain = { host: hostname, port: Number(port) };
  if (certificates === undefined || certificates === "") return { ...plain, protocol: "http" };
  const file = (name: string) => readFileSync(join(certificates, name));
  return { ...plain, protocol: "https", ca: file("ca.pem"), cert: file("cert.pem"), key: file("key.pem") };
}

const eventSchema = z.object({ Action: z.string(), Actor: z.object({ ID: z.string() }) });

class DockerEngine implements Engine {
  readonly #docker: Docker;
  readonly #ended = new AbortController();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  async ids(abortSignal: AbortSignal): Promise<string[]> {
    return (await this.#docker.listContainers({ all: true, abortSignal })).map(({ Id }) => Id);
  }

  async inspect(id: string, abortSignal: AbortSignal): Promise<Container | null> {
    try {
      return toContainer(await this.#docker.getContainer(id).inspect({ abortSignal }));
    } catch (error) {
      if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return null;
      throw error;
    }
  }

  async usage(id: string, abortSignal: AbortSignal): Promise<UsageSample> {
    const options = { stream: false as const, "one-shot": true, abortSignal };
    return toSample(await this.#docker.getContainer(id).stats(options));
  }

  async exec(id: string, command: string, { signal, begun }: Parameters<Engine["exec"]>[2]): Promise<ExecResult> {
    const options = { Cmd: ["sh", "-c", command], AttachStdout: true, AttachStderr: true, abortSignal: signal };
    const exec = await this.#docker.getContainer(id).exec(options);
    const stream = await exec.start({ abortSignal: signal });
    begun();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const sink = new PassThrough();
    sink.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) chunks.push(chunk);
    });
    this.#docker.modem.demuxStream(stream, sink, sink);
    await new Promise<void>((resolve, reject) => {
      stream.once("end", resolve);
      stream.once("error", reject);
    });
    const { ExitCode } = await exec.inspect({ abortSignal: signal });
    return { code: ExitCode ?? -1, output: Buffer.concat(chunks).toString("utf8") };
  }

  async events(): Promise<AsyncGenerator<EngineEvent>> {
    const { signal } = this.#ended;
    const filters = JSON.stringify({ type: ["container"] });
    return eventsIn(await this.#docker.getEvents({ filters, abortSignal: signal }), signal);
  }

  close(): void {
    this.#ended.abort();
  }
}

async function* eventsIn(input: NodeJS.ReadableStream, signal: AbortSignal): AsyncGenerator<EngineEvent> {
  for await (const line of createInterface({ input, signal })) {
    const event = parseFrame(line, eventSchema);
    if (event !== null && ACTIONS.test(event.Action)) yield { action: event.Action, id: event.Actor.ID };
  }
}

function toContainer({
  Id,
  Name,
  State,
  Config,
  RestartCount,
  NetworkSettings,
}: Docker.ContainerInspectInfo): Container {
  const networks = Object.values(NetworkSettings.Networks ?? {});
  const addresses = [
    ...networks.map(({ IPAddress }) => IPAddress),
    ...networks.map(({ GlobalIPv6Address }) => GlobalIPv6Address),
  ].filter((address) => address !== undefined && address !== "");
  const health = State.Health?.Status;
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    image: Config.Image,
    labels: Config.Labels ?? {},
    state: STATES.find((each) => each === State.Status) ?? STATE_OF_WORD[State.Status] ?? "dead",
    health: health === "starting" || health === "healthy" || health === "unhealthy" ? health : null,
    healthOutput: State.Health?.Log?.at(-1)?.Output?.trim() ?? "",
    exitCode: State.ExitCode,
    outOfMemory: State.OOMKilled,
    error: State.Error,
    restarts: RestartCount,
    ip: addresses[0] ?? null,
    addresses,
  };
}

function toSample({ read, cpu_stats, memory_stats, networks = {} }: Docker.ContainerStats): UsageSample {
  // As `docker stats` shows it: the cache of files is not counted.
  const cache = memory_stats.stats?.inactive_file ?? memory_stats.stats?.total_inactive_file ?? 0;
  const traffic = Object.values(networks);
  return {
    at: Date.parse(read),
    cpuNs: cpu_stats.cpu_usage.total_usage,
    memoryBytes: Math.max(0, (memory_stats.usage ?? 0) - cache),
    memoryLimitBytes: memory_stats.limit ?? 0,
    receivedBytes: traffic.reduce((sum, { rx_bytes }) => sum + rx_bytes, 0),
    sentBytes: traffic.reduce((sum, { tx_bytes }) => sum + tx_bytes, 0),
  };
}
