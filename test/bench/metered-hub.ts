/** A local hub whose calls to everything that costs money are counted. */
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildAssets } from "../../src/cli/build/assets.ts";
import { buildWorker } from "../../src/cli/build/build.ts";
import { migrateLocalDatabase } from "../../src/cli/start/local-database.ts";
import { startLocalHub } from "../../src/cli/start/local-hub.ts";
import { readProject } from "../../src/cli/start/prepare.ts";
import { startTicker } from "../../src/cli/start/ticker.ts";
import { withProbeBatches } from "../../src/cli/start/worker-options.ts";
import { writeLauncher } from "../../src/cli/start/workerd.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import type { Counts } from "./metered/counts.ts";
import { treeCpuMs } from "./process-tree.ts";
import type { Api } from "./registered.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOKEN = "hub_admin_of_the_benchmark";
/** See metered/hub.ts. */
const MESSAGES_A_BATCH = 50;

export interface MeteredHub extends Api {
  url: string;
  /** The state folder. */
  state: string;
  counts(): Promise<Counts>;
  /** What its runtime has used of the processor, ms. */
  cpuMs(): number;
  /** Rolls up, merges and deletes all that is due by `now` (Unix ms), which may be years ahead. */
  keepHouse(now: number): Promise<void>;
  remove(): Promise<void>;
}

function runtimePid(state: string): number {
  return Number(readFileSync(join(state, "runtime/pid"), "utf8"));
}

/** It works as when deployed: six connections, no look at the clock, objects leave memory when idle. `vars`: settings. `prepare`: fills the state. */
export async function startMeteredHub(
  vars: Readonly<Record<string, string>> = {},
  prepare: (state: string) => Promise<void> = async () => {},
): Promise<MeteredHub> {
  const folder = await temporaryFolder("metered-hub");
  await prepare(folder.path);
  const at = (name: string) => join(folder.path, name);
  await mkdir(at("worker"), { recursive: true });
  await buildAssets({ root: ROOT, target: join(ROOT, "dist/assets") });
  const { worker, migrations } = await readProject(ROOT);
  const { entry } = await buildWorker(join(ROOT, "test/bench/metered/hub.ts"), at("worker"));
  process.env.MINIFLARE_WORKERD_PATH = await writeLauncher(folder.path);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const place = { data: at("v3"), temporary: at("tmp") };
  await migrateLocalDatabase({ ...place, worker, migrations });
  const hub = await startLocalHub({
    ...place,
    worker: withProbeBatches(worker, MESSAGES_A_BATCH),
    entry,
    host: "127.0.0.1",
    port,
    vars: { ALLOW_PRIVATE_TARGETS: "true", LOCAL_QUEUES: "false", HUB_ADMIN_TOKEN: TOKEN, HUB_URL: url, ...vars },
    evictIdleObjects: true,
    log: ({ level, message }) => level === "error" && console.error(message),
    restarted: () => console.error("the runtime crashed and was started again"),
  });
  const ticker = startTicker({ clock: systemClock, tick: hub.tick, failed: console.error });
  const api = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${TOKEN}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
  return {
    url,
    state: folder.path,
    fetch: api,
    cpuMs: () => treeCpuMs(runtimePid(folder.path)),
    counts: async (): Promise<Counts> => JSON.parse(await (await api("/api/__counts")).text()),
    async keepHouse(now) {
      const { status } = await api(`/api/__keep-house?now=${now}`);
      if (status !== 200) throw new Error(`the upkeep failed: ${status}`);
    },
    async remove() {
      ticker.stop();
      await hub.stop();
      await folder.remove();
    },
  };
}
