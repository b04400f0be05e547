/** The Worker in a local runtime. */
import { dirname } from "node:path";
import type { Miniflare, V4MiniflareOptions } from "miniflare";
import { type RuntimePlace, startRuntime } from "./runtime.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** Lets the queue hand over its next batch while a consumer still waits for slow targets. */
const LOCAL_COMPATIBILITY_FLAGS = ["queue_consumer_no_wait_for_wait_until"];
/** The one of wrangler.toml. */
const CRON = "* * * * *";

/** A line of the Worker's log. */
export interface LogLine {
  level: string;
  message: string;
}

export interface LocalHubOptions extends RuntimePlace {
  worker: WorkerOptions;
  /** The bundled entry module. */
  entry: string;
  host: string;
  port: number;
  /** Win over the vars of wrangler.toml. */
  vars: Readonly<Record<string, string>>;
  /**
   * Whether idle Durable Objects leave memory, as they do when deployed. By default they stay, because loading them
   * for each check costs more than they hold.
   */
  evictIdleObjects?: boolean;
  log(line: LogLine): void;
  /** The runtime crashed and is back; what its queues held is lost. */
  restarted(): void;
}

export interface LocalHub {
  /** Runs the scheduled handler as for `at` (Unix ms). Rejects when it failed. */
  tick(at: number, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when the port answers. The database has to be up to date: see local-database.ts. */
export async function startLocalHub(options: LocalHubOptions): Promise<LocalHub> {
  const runtime = await startRuntime(options, workerRuntime(options));
  return {
    tick: (at, signal) => tick(runtime, at, signal),
    stop: () => runtime.dispose(),
  };
}

function workerRuntime({ worker, ...options }: LocalHubOptions): V4MiniflareOptions {
  return {
    host: options.host,
    port: options.port,
    handleStructuredLogs: options.log,
    unsafeHandleRuntimeRestart: options.restarted,
    unsafeTriggerHandlers: true,
    ...worker,
    stripCfConnectingIp: false, // spares every probe a copy of its headers; probes have no such header
    modules: [{ type: "ESModule", path: options.entry }],
    modulesRoot: dirname(options.entry),
    compatibilityFlags: [...worker.compatibilityFlags, ...LOCAL_COMPATIBILITY_FLAGS],
    bindings: { ...worker.bindings, ...options.vars },
    durableObjects: options.evictIdleObjects === true ? worker.durableObjects : keptInMemory(worker.durableObjects),
  };
}

function keptInMemory(objects: WorkerOptions["durableObjects"]): WorkerOptions["durableObjects"] {
  const kept = Object.entries(objects).map(([name, object]) => [name, { ...object, unsafePreventEviction: true }]);
  return Object.fromEntries(kept);
}

async function tick(runtime: Miniflare, at: number, signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ time: String(at), cron: CRON });
  const response = await runtime.dispatchFetch(`http://localhost/cdn-cgi/local/scheduled?${query}`, { signal });
  const outcome = await response.text();
  if (!response.ok) throw new Error(`the scheduled handler ended with: ${outcome.slice(0, 200)}`);
}
