/** Brings a local hub up: built, its database up to date, its cron running. */
import { join } from "node:path";
import { buildAssets } from "./assets.ts";
import { buildWorker } from "./build.ts";
import { messageOf } from "./error-message.ts";
import { type LocalHub, startLocalHub } from "./local-hub.ts";
import { applyMigrations } from "./migrations.ts";
import type { StateFolder } from "./state-folder.ts";
import { startTicker, type Ticker } from "./ticker.ts";
import type { WorkerOptions } from "./worker-options.ts";
import { writeLauncher } from "./workerd.ts";

export interface LaunchOptions {
  /** The checkout. */
  root: string;
  worker: WorkerOptions;
  vars: Readonly<Record<string, string>>;
  state: StateFolder;
  port: number;
  host: string;
  /** A line of the Worker's log. */
  log(line: string): void;
  /** A line about the hub's processes. */
  err(line: string): void;
}

export async function launch(options: LaunchOptions): Promise<{ stop(): Promise<void> }> {
  const { root, state, err } = options;
  const [bundle, launcher] = await Promise.all([
    buildWorker(join(root, "src/index.ts"), state.worker),
    writeLauncher(state.path),
    buildAssets({ root, target: join(root, "dist/assets") }),
  ]);
  process.env.MINIFLARE_WORKERD_PATH = launcher; // the only way to tell Miniflare
  let ticker: Ticker | undefined;
  const hub = await startLocalHub({
    ...options,
    entry: bundle.entry,
    data: state.data,
    temporary: state.temporary,
    log: ({ message }) => options.log(message),
    restarted() {
      err("the runtime crashed and was started again");
      ticker?.stop();
      ticker = tickerOf(hub, err);
    },
  });
  const stop = async () => {
    ticker?.stop();
    await hub.stop();
  };
  try {
    await applyMigrations(hub.database, join(root, "migrations"));
  } catch (error) {
    await stop();
    throw error;
  }
  ticker = tickerOf(hub, err);
  return { stop };
}

function tickerOf(hub: LocalHub, err: LaunchOptions["err"]): Ticker {
  return startTicker({
    now: Date.now,
    tick: hub.tick,
    failed: (error) => err(`cron: ${messageOf(error)}`),
  });
}
