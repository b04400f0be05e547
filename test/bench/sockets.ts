/** 5,000 sockets watch a hub; some of them never read. The others must not notice, and the memory must stay small. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { accepted } from "../processes/hub-client.ts";
import { startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench } from "./bench.ts";
import type { CrowdReply, CrowdRequest } from "./crowd.ts";
import type { Figure } from "./figure.ts";
import { type InspectedHub, startInspectedHub } from "./inspected-hub.ts";
import { treeMemoryMib } from "./process-tree.ts";
import { quantile } from "./quantile.ts";

const READERS = 4_500;
const SILENT = 500;
const SERVICES = 200;
/** Beats in a second. Each goes to every socket. */
const BEATS = 4;
const RUN_MS = 150_000;
const LOOK_EACH = 20 * BEATS;
const OPEN_PATIENCE_MS = 120_000;
const PROGRAM = fileURLToPath(new URL("./crowd.ts", import.meta.url));

export const socketsBench: Bench = {
  names: ["sockets"],
  about: `${READERS + SILENT} sockets, of which ${SILENT} never read: how late the others hear, and the memory`,
  async run({ progress }) {
    const prepared = await startHub({ args: ["--quiet"] });
    await prepared.stop(); // it has made the database
    const hub = await startInspectedHub(prepared.state, {});
    const crowd = fork(PROGRAM, { serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
    try {
      const ids = await register(hub);
      const runtime = () => Math.round(treeMemoryMib(process.pid) - treeMemoryMib(crowd.pid ?? 0) - ownMemoryMib());
      const before = { live: await hub.liveMemoryMb(), runtime: runtime() };
      await ask(crowd, { port: hub.port, token: hub.token, readers: READERS, silent: SILENT });
      progress(`${READERS + SILENT} sockets are open`);
      const peak = { live: 0, runtime: 0 };
      await beatFor(hub, ids, async () => {
        peak.live = Math.max(peak.live, await hub.liveMemoryMb());
        peak.runtime = Math.max(peak.runtime, runtime());
        progress(`${Math.round(peak.live)} MB live, the runtime ${peak.runtime} MiB`);
      });
      return figures(await ask(crowd, "report"), before, peak);
    } finally {
      crowd.kill("SIGKILL");
      await hub.stop();
      await prepared.remove();
    }
  },
};

async function register(hub: InspectedHub): Promise<number[]> {
  const json = (method: string, body: object) => ({
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { id } = z
    .object({ id: z.int() })
    .parse(await accepted(await hub.fetch("/api/projects", json("POST", { name: "beats" }))));
  const services = Array.from({ length: SERVICES }, (_, number) => ({
    name: `s${number}`,
    health_method: "heartbeat",
    health_interval: 3_600,
  }));
  await accepted(await hub.fetch(`/api/projects/${id}/manifest`, json("PUT", { services })));
  const listed = z
    .object({ services: z.array(z.object({ id: z.int() })) })
    .parse(await accepted(await hub.fetch(`/api/services?limit=${SERVICES}`)));
  return listed.services.map((service) => service.id);
}

/** `look` stops the hub for a moment, so it is not called often. */
async function beatFor(hub: InspectedHub, ids: number[], look: () => Promise<void>): Promise<void> {
  const end = Date.now() + RUN_MS;
  for (let count = 0; Date.now() < end; count++) {
    const next = Date.now() + 1_000 / BEATS;
    await accepted(await hub.fetch(`/api/services/${ids[count % ids.length]}/heartbeat`, { method: "POST" }));
    if (count % LOOK_EACH === 0) await look();
    await sleep(Math.max(0, next - Date.now()));
  }
}

interface Memory {
  /** What the Worker and its objects hold, MB. */
  live: number;
  /** Of the runtime's processes, with what waits in the sockets, MiB. */
  runtime: number;
}

function figures(reply: CrowdReply, before: Memory, peak: Memory): Figure[] {
  if (!("latencies" in reply)) throw new Error("the crowd sent no report");
  const { latencies, closedReaders, closedSilent } = reply;
  const note = `${latencies.length} noted; ${closedSilent} of ${SILENT} silent sockets were closed`;
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)];
  return [
    {
      name: "sockets: p99 of the readers",
      value: p99,
      unit: "ms",
      limit: 500,
      better: "lower",
      note: `p50 ${p50} ms; ${note}`,
    },
    {
      name: "sockets: memory",
      value: peak.live,
      unit: "MB",
      limit: 100,
      better: "lower",
      note: `${Math.round(before.live)} MB before; the runtime ${before.runtime} MiB before, at most ${peak.runtime} MiB`,
    },
    { name: "sockets: readers closed", value: closedReaders, unit: "", limit: 0, better: "lower" },
  ];
}

function ownMemoryMib(): number {
  return process.memoryUsage().rss / 1_024 ** 2;
}

async function ask(crowd: ChildProcess, request: CrowdRequest | "report"): Promise<CrowdReply> {
  const reply = once(crowd, "message", { signal: AbortSignal.timeout(OPEN_PATIENCE_MS) });
  crowd.send(request);
  const [message]: CrowdReply[] = await reply;
  if (message === undefined) throw new Error("the crowd sent nothing");
  return message;
}
