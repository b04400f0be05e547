/** Runs the Worker in a local runtime. */
import { dirname } from "node:path";
import type { Miniflare, V4MiniflareOptions } from "miniflare";
import { parseSettings } from "../../core/hub/settings.ts";
import { localServices } from "./local-services.ts";
import { type RuntimePlace, startRuntime } from "./runtime.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** With this flag, the queue delivers the next batch while a consumer still waits for slow targets. */
const LOCAL_COMPATIBILITY_FLAGS = ["queue_consumer_no_wait_for_wait_until"];
/** The schedule in wrangler.toml. */
const CRON = "* * * * *";

/** A line of the Worker's log. */
interface LogLine {
  level: string;
  message: string;
}

export interface LocalHubOptions extends RuntimePlace {
  worker: WorkerOptions;
  /** The bundled entry module. */
  entry: string;
  host: string;
  port: number;
  /** These values replace the vars of wrangler.toml. */
  vars: Readonly<Record<string, string>>;
  /**
   * Whether idle Durable Objects are removed from memory, as in a deployed hub. By default they stay in memory, because
   * loading them again for each check costs more than the memory that they use.
   */
  evictIdleObjects?: boolean;
  log(line: LogLine): void;
  /** Called when the runtime has crashed and runs again. The messages in its queues are lost. */
  restarted(): void;
}

export interface LocalHub {
  /** Runs the scheduled handler for the time `at` (Unix ms). Rejects when the handler fails. */
  tick(at: number): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when the hub accepts requests. The database must be migrated before; see local-database.ts. */
export async function startLocalHub(options: LocalHubOptions): Promise<LocalHub> {
  const runtime = await startRuntime(options, workerRuntime(options));
  return {
    tick: (at) => tick(runtime, at),
    stop: () => runtime.dispose(),
  };
}

function workerRuntime({ worker, ...options }: LocalHubOptions): V4MiniflareOptions {
  const bindings = { ...worker.bindings, ...options.vars };
  return {
    // The runtime's own entry believes headers of its own (MF-…) from any client, so the hub's port has another way in.
    host: "127.0.0.1",
    port: 0,
    unsafeDirectSockets: [{ host: options.host, port: options.port }],
    handleStructuredLogs: options.log,
    unsafeHandleRuntimeRestart: options.restarted,
    ...worker,
    stripCfConnectingIp: false, // saves a copy of the headers of every probe; probes never have this header
    modules: [{ type: "ESModule", path: options.entry }],
    modulesRoot: dirname(options.entry),
    compatibilityFlags: [...worker.compatibilityFlags, ...LOCAL_COMPATIBILITY_FLAGS],
    bindings,
    serviceBindings: localServices(parseSettings(bindings).ALLOW_PRIVATE_TARGETS),
    durableObjects: options.evictIdleObjects === true ? worker.durableObjects : keptInMemory(worker.durableObjects),
  };
}

function keptInMemory(objects: WorkerOptions["durableObjects"]): WorkerOptions["durableObjects"] {
  const kept = Object.entries(objects).map(([name, object]) => [name, { ...object, unsafePreventEviction: true }]);
  return Object.fromEntries(kept);
}

/** Through the runtime's own connection to this process. The hub's port has no way to the scheduled handler. */
async function tick(runtime: Miniflare, at: number): Promise<void> {
  const worker = await runtime.getWorker();
  const { outcome } = await worker.scheduled({ scheduledTime: new Date(at), cron: CRON });
  if (outcome !== "ok") throw new Error(`the scheduled handler ended with: ${outcome}`);
}
