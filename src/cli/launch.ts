/** Brings a local hub up: built, its database up to date, its cron running. */
import { join } from "node:path";
import { buildAssets } from "./assets.ts";
import { buildWorker } from "./build.ts";
import { messageOf } from "./error-message.ts";
import { type LocalHub, startLocalHub } from "./local-hub.ts";
import { applyMigrations } from "./migrations.ts";
import { countServices, roomForMonitors, watchRoom } from "./monitor-room.ts";
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
    buildWorker(join(root, "src/worker/index.ts"), state.worker),
    writeLauncher(state.path),
    buildAssets({ root, target: join(root, "dist/assets") }),
  ]);
  process.env.MINIFLARE_WORKERD_PATH = launcher; // the only way to tell Miniflare
  let ticker: Ticker | undefined;
  const start = (keepMonitors: boolean) =>
    startLocalHub({
      ...options,
      entry: bundle.entry,
      data: state.data,
      temporary: state.temporary,
      keepMonitors,
      log: ({ message }) => options.log(message),
      restarted() {
        err("the runtime crashed and was started again");
        ticker?.stop();
        ticker = tickerOf(hub, err);
      },
    });
  let hub = await start(true);
  const stopHub = async () => {
    ticker?.stop();
    await hub.stop();
  };
  try {
    await applyMigrations(await hub.database(), join(root, "migrations"));
    const room = roomForMonitors();
    const watch = await watchRoom({
      room,
      count: () => hub.database().then(countServices),
      async full() {
        const isRunning = ticker !== undefined;
        if (isRunning)
          err(`more than ${room} services: started again, loading each for its check, which costs more CPU`);
        await stopHub();
        hub = await start(false);
        if (isRunning) ticker = tickerOf(hub, err);
      },
      failed: (error) => err(`services can't be counted: ${messageOf(error)}`),
    });
    ticker = tickerOf(hub, err);
    return { stop: () => watch.stop().then(stopHub) };
  } catch (error) {
    await stopHub();
    throw error;
  }
}

function tickerOf(hub: LocalHub, err: LaunchOptions["err"]): Ticker {
  return startTicker({
    now: Date.now,
    tick: hub.tick,
    failed: (error) => err(`cron: ${messageOf(error)}`),
  });
}
