/** A local hub, on the state folder of one that is stopped, whose memory can be looked into. */
import { once } from "node:events";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { z } from "zod";
import { buildWorker } from "../../src/cli/build/build.ts";
import { startLocalHub } from "../../src/cli/start/local-hub.ts";
import { readProject } from "../../src/cli/start/prepare.ts";
import { writeLauncher } from "../../src/cli/start/workerd.ts";
import { freePort } from "../servers/child-process.ts";
import type { Api } from "./registered.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TOKEN = "hub_admin_of_the_benchmark";
const MB = 1_024 ** 2;
/** The isolate of the hub's Worker, with all of its objects. */
const ISOLATE = "core:user:commandcenter-hub";

export interface InspectedHub extends Api {
  port: number;
  token: string;
  /** What the Worker and all of its objects hold, MB, when nothing is left to collect. Stops them for a moment. */
  liveMemoryMb(): Promise<number>;
  /** Runs the cron. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

export async function startInspectedHub(state: string, vars: Readonly<Record<string, string>>): Promise<InspectedHub> {
  const folder = join(state, "inspected");
  await mkdir(folder, { recursive: true });
  const { worker, source } = await readProject(ROOT);
  const { entry } = await buildWorker(source, folder);
  const [port, inspector] = [await freePort(), await freePort()];
  process.env.MINIFLARE_WORKERD_PATH = await writeInspector(await writeLauncher(state), folder, inspector);
  const hub = await startLocalHub({
    worker,
    entry,
    data: join(state, "v3"),
    temporary: join(state, "tmp"),
    host: "127.0.0.1",
    port,
    vars: { LOCAL_QUEUES: "true", HUB_ADMIN_TOKEN: TOKEN, ...vars },
    log: () => {},
    restarted: () => console.error("the runtime crashed and was started again"),
  });
  return {
    port,
    token: TOKEN,
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${TOKEN}`);
      return fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers });
    },
    liveMemoryMb: () => liveMemoryMb(`ws://127.0.0.1:${inspector}/${ISOLATE}`),
    tick: () => hub.tick(Date.now()),
    stop: hub.stop,
  };
}

async function writeInspector(launcher: string, folder: string, port: number): Promise<string> {
  const file = join(folder, "launch");
  await writeFile(file, `#!/bin/sh\nexec '${launcher}' "$@" --inspector-addr=127.0.0.1:${port}\n`);
  await chmod(file, 0o755);
  return file;
}

const usageSchema = z.object({
  usedSize: z.number(),
  embedderHeapUsedSize: z.number(),
  backingStorageSize: z.number(),
});

/** The runtime takes no order to collect garbage, but does so before it writes a snapshot of the heap. */
async function liveMemoryMb(inspector: string): Promise<number> {
  const socket = new WebSocket(inspector);
  await once(socket, "open");
  const answer = new Promise<unknown>((resolve, reject) => {
    socket.on("message", (data) => {
      const { id, result }: { id?: number; result?: unknown } = JSON.parse(String(data));
      if (id === 2) resolve(result);
    });
    socket.once("close", () => reject(new Error("the runtime ended")));
  });
  socket.send(JSON.stringify({ id: 1, method: "HeapProfiler.takeHeapSnapshot", params: { reportProgress: false } }));
  socket.send(JSON.stringify({ id: 2, method: "Runtime.getHeapUsage" }));
  const usage = usageSchema.parse(await answer);
  socket.close();
  return (usage.usedSize + usage.embedderHeapUsedSize + usage.backingStorageSize) / MB;
}
