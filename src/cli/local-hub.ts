/** The Worker in a local runtime. */
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";
import type { MigrationTarget } from "./migrations.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** One object for each service, each with two open files. */
const MONITORS = "SERVICE_MONITOR";
/** Lets the queue hand over its next batch while a consumer still waits for slow targets. */
const LOCAL_COMPATIBILITY_FLAGS = ["queue_consumer_no_wait_for_wait_until"];
/** The one of wrangler.toml. */
const CRON = "* * * * *";
const DATABASE_BINDING = "DB";
const OWN_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A line of the Worker's log. */
export interface LogLine {
  level: string;
  message: string;
}

export interface LocalHubOptions {
  worker: WorkerOptions;
  /** The bundled entry module. */
  entry: string;
  /** Where D1 and the Durable Objects live. */
  data: string;
  /** A folder of its own that is emptied first; a killed hub leaves files there. */
  temporary: string;
  host: string;
  port: number;
  /** Win over the vars of wrangler.toml. */
  vars: Readonly<Record<string, string>>;
  /** Whether idle monitors stay in memory, by default true: loading them for each check costs more than they hold. */
  keepMonitors?: boolean;
  log(line: LogLine): void;
  /** The runtime crashed and is back; what its queues held is lost. */
  restarted(): void;
}

export interface LocalHub {
  /** Good until the runtime is started again. */
  database(): Promise<MigrationTarget>;
  /** Runs the scheduled handler as for `at` (Unix ms). Rejects when it failed. */
  tick(at: number, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Resolves when the port answers. */
export async function startLocalHub(options: LocalHubOptions): Promise<LocalHub> {
  const converted = convertV4MiniflareOptions(runtimeOptions(options));
  await rm(options.temporary, { recursive: true, force: true });
  await mkdir(options.temporary, { recursive: true });
  const runtime = withTemporaryFolder(options.temporary, () => withoutSignalHandlers(() => new Miniflare(converted)));
  try {
    await runtime.ready;
    return {
      database: () => runtime.getD1Database(DATABASE_BINDING),
      tick: (at, signal) => tick(runtime, at, signal),
      stop: () => runtime.dispose(),
    };
  } catch (error) {
    await runtime.dispose().catch(() => {}); // repeats the error
    throw error;
  }
}

function runtimeOptions({ worker, ...options }: LocalHubOptions): V4MiniflareOptions {
  return {
    host: options.host,
    port: options.port,
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    handleStructuredLogs: options.log,
    unsafeHandleRuntimeRestart: options.restarted,
    unsafeTriggerHandlers: true,
    resourcePersistencePath: options.data,
    cf: false,
    ...worker,
    modules: [{ type: "ESModule", path: options.entry }],
    modulesRoot: dirname(options.entry),
    compatibilityFlags: [...worker.compatibilityFlags, ...LOCAL_COMPATIBILITY_FLAGS],
    bindings: { ...worker.bindings, ...options.vars },
    durableObjects: keptInMemory(worker.durableObjects, options.keepMonitors ?? true),
  };
}

function keptInMemory(objects: WorkerOptions["durableObjects"], keepMonitors: boolean) {
  const kept = Object.entries(objects).map(([name, object]) => {
    return [name, { ...object, unsafePreventEviction: keepMonitors || name !== MONITORS }] as const;
  });
  return Object.fromEntries(kept);
}

async function tick(runtime: Miniflare, at: number, signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ time: String(at), cron: CRON });
  const response = await runtime.dispatchFetch(`http://localhost/cdn-cgi/local/scheduled?${query}`, { signal });
  const outcome = await response.text();
  if (!response.ok) throw new Error(`the scheduled handler ended with: ${outcome.slice(0, 200)}`);
}

/** Miniflare takes the system's folder for temporary files, and a kill -9 would leave them there. */
function withTemporaryFolder<T>(path: string, create: () => T): T {
  const { TMPDIR } = process.env;
  process.env.TMPDIR = path;
  try {
    return create();
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
  }
}

/** Miniflare exits the process on a signal; stopping in order is the caller's. */
function withoutSignalHandlers<T>(create: () => T): T {
  const before = new Map(OWN_SIGNALS.map((signal) => [signal, new Set(process.listeners(signal))]));
  const created = create();
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) {
      if (!known.has(listener)) process.removeListener(signal, listener);
    }
  }
  return created;
}
