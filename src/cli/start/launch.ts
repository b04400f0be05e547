/** Builds a local hub, migrates its database, and starts the hub and its cron. */
import { join } from "node:path";
import type { Clock } from "../../core/time/clock.ts";
import { messageOf } from "../../core/values/error-message.ts";
import { buildAssets } from "../build/assets.ts";
import type { BuildCache } from "../build/build-cache.ts";
import { foldedLog } from "./folded-log.ts";
import { type LocalHub, startLocalHub } from "./local-hub.ts";
import { buildHub, type Project } from "./prepare.ts";
import { removeRetiredObjects } from "./retired-objects.ts";
import type { StateFolder } from "./state-folder.ts";
import { startTicker, type Ticker } from "./ticker.ts";
import { entryIn, withProbeBatches } from "./worker-options.ts";
import { writeLauncher } from "./workerd.ts";

interface LaunchOptions {
  clock: Clock;
  /** The checkout. */
  root: string;
  project: Project;
  cache: BuildCache;
  vars: Readonly<Record<string, string>>;
  state: StateFolder;
  port: number;
  host: string;
  /** Receives a line of the Worker's log. */
  log(line: string): void;
  /** Receives a line about the hub's processes. */
  err(line: string): void;
}

/**
 * The runtime has twenty small workers beside the hub, each with a heap of its own, which V8 lets grow far beyond what it
 * holds. Little room for young objects takes 30 MiB less (1 MiB costs processor time under load, 2 MiB does not), and
 * old objects that are collected early 83 MiB.
 */
const RUNTIME_FLAGS = [
  ...["--max-semi-space-size=2", "--initial-old-space-size=8", "--heap-growing-percent=20", "--single-threaded-gc"],
].join(" ");

/** On Cloudflare the rounds of a batch share six connections; here they only share the cost of a batch. */
const LOCAL_MESSAGES_A_BATCH = 3;

export interface RunningHub {
  /** Runs the scheduled handler for the time `at` (Unix ms), in addition to the hub's own clock. */
  tick(at: number): Promise<void>;
  stop(): Promise<void>;
}

export async function launch(options: LaunchOptions): Promise<RunningHub> {
  const { root, project, state, err } = options;
  // Miniflare reads both from the environment only.
  process.env.MINIFLARE_WORKERD_PATH = await writeLauncher(state.path);
  process.env.MINIFLARE_WORKERD_V8_FLAGS ??= RUNTIME_FLAGS;
  const { data, temporary } = state;
  await buildAssets({ root, target: project.worker.assets?.directory ?? join(root, "dist/assets") });
  await buildHub({ ...project, folder: state.worker, data, temporary }, options.cache);
  await removeRetiredObjects(data, project.worker);
  let ticker: Ticker | undefined;
  const log = foldedLog(options.log, options.clock.now);
  const hub = await startLocalHub({
    ...options,
    worker: withProbeBatches(project.worker, LOCAL_MESSAGES_A_BATCH),
    entry: entryIn(state.worker),
    data,
    temporary,
    log: ({ message }) => log(message),
    restarted() {
      err("the runtime crashed and was started again");
      if (ticker === undefined) return; // the hub starts it below
      ticker.stop();
      ticker = tickerOf(hub, options);
    },
  });
  ticker = tickerOf(hub, options);
  return {
    tick: hub.tick,
    async stop() {
      ticker?.stop();
      await hub.stop();
    },
  };
}

function tickerOf(hub: LocalHub, { clock, err }: LaunchOptions): Ticker {
  return startTicker({
    clock,
    tick: hub.tick,
    failed: (error) => err(`cron: ${messageOf(error)}`),
  });
}
