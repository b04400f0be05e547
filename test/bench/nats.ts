/** The way to NATS: how many events a second, how quickly one flip, how much memory an outbox that is full. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NatsConnection } from "@nats-io/transport-node";
import { buildAssets } from "../../src/cli/assets.ts";
import { buildWorker } from "../../src/cli/build.ts";
import { startLocalHub } from "../../src/cli/local-hub.ts";
import { applyMigrations } from "../../src/cli/migrations.ts";
import { readWorkerOptions } from "../../src/cli/worker-options.ts";
import { writeLauncher } from "../../src/cli/workerd.ts";
import type { BridgeStatus } from "../../src/core/nats-health.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import { startHub } from "../system/hub-process.ts";
import { beat, connectCore, natsVars, outage, register, storedCount } from "../system/nats-outage.ts";
import { type Bench, type BenchContext, sleep, until } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { watchHeap } from "./heap.ts";
import { loadAverage } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HUB = "hub-bench";
const OUTBOX_EVENTS = 100_000;
const SERVICES = 1_000;
const FLIPS_A_CALL = 1_000;
const TIMED_FLIPS = 600;
/** Between two flips. */
const FLIP_GAP_MS = 50;
const AWAY_MS = 60_000;
const PATIENCE_MS = 120_000;

export const natsBench: Bench = {
  names: ["nats"],
  about: `${OUTBOX_EVENTS} events through the relay, flips to a subscriber of the core, a relay that is away for ${AWAY_MS / 1_000} s`,
  async run({ progress }) {
    const nats = await startNatsPair({ hub_id: HUB });
    try {
      await nats.setUp();
      const core = await connectCore(nats.core_url);
      const figures = [...(await drain(nats, core, progress)), ...(await flips(nats, core, progress))];
      await core.close();
      return figures;
    } finally {
      await nats.stop();
    }
  },
};

/** A bridge alone in its runtime, so that all memory is its own. */
async function drain(nats: NatsPair, core: NatsConnection, progress: BenchContext["progress"]): Promise<Figure[]> {
  const bridge = await startBridge(nats.relay_url);
  try {
    await bridge.fill(1, 1, 1);
    await until("the first event", PATIENCE_MS, async () => (await storedCount(core)) === 1);
    await nats.relay.kill();
    const heap = await watchHeap(bridge.inspectorPort);
    for (let seq = 2; seq < 2 + OUTBOX_EVENTS / SERVICES; seq += FLIPS_A_CALL / SERVICES) {
      await bridge.fill(SERVICES, FLIPS_A_CALL / SERVICES, seq);
    }
    const { outbox_depth } = await bridge.status();
    progress(`${outbox_depth} events wait`);
    await nats.relay.start();
    await until("delivery", PATIENCE_MS, async () => (await storedCount(core)) > 1);
    const [started, first] = [performance.now(), await storedCount(core)];
    await until("an empty outbox", PATIENCE_MS, async () => (await storedCount(core)) === 1 + outbox_depth);
    const seconds = (performance.now() - started) / 1_000;
    return [
      {
        name: "nats: events acknowledged by JetStream",
        value: (outbox_depth + 1 - first) / seconds,
        unit: "/s",
        limit: 2_000,
        better: "higher",
        note: `${outbox_depth} events of ${SERVICES} services in ${seconds.toFixed(1)} s; load average ${loadAverage()}`,
      },
      {
        name: `nats: memory with ${OUTBOX_EVENTS} events in the outbox, at most`,
        value: await heap.stop(),
        unit: "MB",
        limit: 64,
        better: "lower",
        note: "the isolate's objects and buffers, garbage included, sampled each 25 ms while the outbox fills and empties",
      },
    ];
  } finally {
    await bridge.stop();
  }
}

async function flips(nats: NatsPair, core: NatsConnection, progress: BenchContext["progress"]): Promise<Figure[]> {
  const hub = await startHub({ vars: natsVars(HUB, nats.relay_url), args: ["--quiet"] });
  try {
    const id = await register(hub, "timed");
    const delays: number[] = [];
    core.subscribe(`hub.${HUB}.health.timed`, {
      callback: (_, message) => {
        const { timestamp, previous_status }: { timestamp: string; previous_status?: string } = message.json();
        if (previous_status !== undefined) delays.push(Date.now() - Date.parse(timestamp));
      },
    });
    await core.flush();
    progress(`${TIMED_FLIPS} flips, one each ${FLIP_GAP_MS} ms`);
    for (let i = 0; i < TIMED_FLIPS; i++) {
      await beat(hub, id, i % 2 === 0 ? "pass" : "fail");
      await sleep(FLIP_GAP_MS);
    }
    await until("the last flip", PATIENCE_MS, () => delays.length === TIMED_FLIPS);
    progress(`the relay is away for ${AWAY_MS / 1_000} s`);
    const { expected, stored } = await outage({ hub, nats, core }, "relay", AWAY_MS);
    const wrong = expected.filter((ids, index) => ids.join() !== stored[index]?.join()).length;
    return [
      {
        name: "nats: flip → message at a subscriber of the core, p99",
        value: quantile(delays, 0.99),
        unit: "ms",
        limit: 300,
        better: "lower",
        note: `${delays.length} flips, ms: ${spread(delays)}`,
      },
      {
        name: `nats: services with an event lost, doubled or out of order, relay away for ${AWAY_MS / 1_000} s`,
        value: wrong,
        unit: "",
        limit: 0,
        better: "lower",
        note: `${expected.length} services, ${expected.flat().length} events; the hub was killed twice meanwhile`,
      },
    ];
  } finally {
    await hub.remove();
  }
}

interface Bridge {
  inspectorPort: number;
  fill(services: number, each: number, from: number): Promise<void>;
  status(): Promise<BridgeStatus>;
  stop(): Promise<void>;
}

async function startBridge(relayUrl: string): Promise<Bridge> {
  const folder = await temporaryFolder("bridge");
  const at = (name: string) => join(folder.path, name);
  await mkdir(at("worker"), { recursive: true });
  await buildAssets({ root: ROOT, target: join(ROOT, "dist/assets") });
  const { entry } = await buildWorker(join(ROOT, "test/bench/bridge/hub.ts"), at("worker"));
  process.env.MINIFLARE_WORKERD_PATH = await writeLauncher(folder.path);
  const port = await freePort();
  const inspectorPort = await freePort();
  const hub = await startLocalHub({
    worker: readWorkerOptions(join(ROOT, "wrangler.toml")),
    entry,
    data: at("v3"),
    temporary: at("tmp"),
    host: "127.0.0.1",
    port,
    vars: { LOCAL_QUEUES: "true", ...natsVars(HUB, relayUrl) },
    inspectorPort,
    log: ({ level, message }) => level === "error" && console.error(message),
    restarted: () => console.error("the runtime crashed and was started again"),
  });
  await applyMigrations(hub.database, join(ROOT, "migrations"));
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  };
  return {
    inspectorPort,
    fill: async (services, each, from) => {
      await ask(`/__fill?services=${services}&each=${each}&from=${from}`);
    },
    status: async (): Promise<BridgeStatus> => JSON.parse(await ask("/__status")),
    async stop() {
      await hub.stop();
      await folder.remove();
    },
  };
}
