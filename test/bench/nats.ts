/** NATS: how fast a backlog drains, how soon a flip is heard of, what a full outbox costs, what an outage loses. */
import type { NatsConnection } from "@nats-io/transport-node";
import { z } from "zod";
import { MAX_EVENTS } from "../../src/nats/messages.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { beat, connectCore, countKept, natsHealth, natsVars, registerHeartbeat } from "../processes/nats-hub.ts";
import { runOutage } from "../processes/nats-outage.ts";
import { fillOutbox } from "../processes/nats-outbox.ts";
import { until } from "../processes/patience.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import type { Bench, BenchContext } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { startInspectedHub } from "./inspected-hub.ts";
import { requestsAtRate } from "./load.ts";
import { loadAverage } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";

const HUB = "hub-bench";
const SERVICES = 100;
const FLIPS_A_SECOND = 20;
const FLIPS_MS = 60_000;
const BACKLOG_SERVICES = 1_000;
const OUTAGE_MS = 60_000;
/** The relay is tried again every 30 s at most. */
const PATIENCE_MS = 120_000;
/** Looks into the memory amid the drain, one after the other; each stops the hub for a moment. */
const MIN_LOOKS = 3;

interface Place {
  nats: NatsPair;
  core: NatsConnection;
  hub: HubProcess;
  progress: BenchContext["progress"];
}

export const natsBench: Bench = {
  names: ["nats-latency", "nats-backlog", "nats-outage"],
  about: `a flip's way to a subscriber; a full outbox: its drain and its memory; ${OUTAGE_MS / 1_000} s without relay or core`,
  async run({ wanted, progress }) {
    const figures: Figure[] = [];
    if (wanted("nats-latency")) figures.push(await inPlace(progress, measureLatency));
    if (wanted("nats-backlog")) figures.push(...(await inPlace(progress, measureBacklog)));
    if (wanted("nats-outage")) figures.push(...(await inPlace(progress, measureOutages)));
    return figures;
  },
};

async function inPlace<T>(progress: BenchContext["progress"], measure: (place: Place) => Promise<T>): Promise<T> {
  const nats = await startNatsPair({ hub_id: HUB });
  const closing: (() => Promise<unknown>)[] = [nats.stop];
  try {
    await nats.setUp();
    const core = await connectCore(nats.core_url);
    closing.unshift(() => core.close());
    const hub = await startHub({ vars: natsVars(HUB, nats.relay_url), args: ["--quiet"] });
    closing.unshift(hub.remove);
    return await measure({ nats, core, hub, progress });
  } finally {
    for (const close of closing) await close();
  }
}

const flipSchema = z.object({ timestamp: z.iso.datetime(), seq: z.int() });

/** From when the hub saw the service change, by the flip's own time, to the message at a client of the core. */
async function measureLatency({ core, hub, progress }: Place): Promise<Figure> {
  const ids: number[] = [];
  for (let number = 0; number < SERVICES; number++) ids.push(await registerHeartbeat(hub, `s${number}`));
  const delays: number[] = [];
  core.subscribe(`hub.${HUB}.health.*`, {
    callback: (_, message) => {
      const now = Date.now();
      if (message.headers?.get("ce-type") !== "commandcenter.service.flip") return;
      delays.push(now - Date.parse(flipSchema.parse(message.json()).timestamp));
    },
  });
  await core.flush();
  progress(`${FLIPS_A_SECOND} flips a second for ${FLIPS_MS / 1_000} s`);
  const done = await requestsAtRate({ rate: FLIPS_A_SECOND, durationMs: FLIPS_MS }, async (index) => {
    const isEven = Math.floor(index / SERVICES) % 2 === 0;
    await beat(hub, ids[index % SERVICES] ?? 0, isEven ? "pass" : "fail");
  });
  await until("every flip is heard of", PATIENCE_MS, () => delays.length >= done.length);
  return {
    name: "nats: flip → message at a client of the core, p99",
    value: quantile(delays, 0.99),
    unit: "ms",
    limit: 300,
    better: "lower",
    note: `${delays.length} flips of ${SERVICES} services, ${FLIPS_A_SECOND}/s, ms: ${spread(delays)}; load average ${loadAverage()}`,
  };
}

async function measureBacklog(place: Place): Promise<Figure[]> {
  return [await measureDrain(place), await measureMemory(place)];
}

async function measureDrain({ nats, core, hub, progress }: Place): Promise<Figure> {
  await nats.relay.kill();
  await registerHeartbeat(hub, "api");
  await until("the relay is missed", PATIENCE_MS, async () => (await natsHealth(hub)).connection?.status === "warn");
  await fill(hub, progress);
  await hub.restart();
  const before = await countKept(core);
  await nats.relay.start();
  const { events, seconds } = await watchDrain(hub);
  return {
    name: "nats: durable events acknowledged per second",
    value: events / seconds,
    unit: "/s",
    limit: 2_000,
    better: "higher",
    note: `${(await countKept(core)) - before} events of ${BACKLOG_SERVICES} services arrived, through relay and core; load average ${loadAverage()}`,
  };
}

async function fill(hub: HubProcess, progress: BenchContext["progress"]): Promise<void> {
  await hub.stop();
  progress(`writing ${MAX_EVENTS} events into the stopped hub's outbox`);
  fillOutbox(hub.state, HUB, MAX_EVENTS, BACKLOG_SERVICES);
}

async function measureMemory({ nats, hub, progress }: Place): Promise<Figure> {
  await nats.relay.kill();
  const vars = natsVars(HUB, nats.relay_url);
  await hub.stop();
  const empty = await withInspectedHub(hub.state, vars, async ({ liveMemoryMb }) => [await liveMemoryMb()]);
  await fill(hub, progress);
  const filled = await withInspectedHub(hub.state, vars, async (inspected) => {
    const full = await natsHealth(inspected);
    if ((full.outbox?.observedValue ?? 0) < MAX_EVENTS) throw new Error("the outbox is not full");
    const looks = [await inspected.liveMemoryMb()];
    await nats.relay.start();
    await inspected.tick();
    const depth = async () => (await natsHealth(inspected)).outbox?.observedValue ?? 0;
    await until("it drains", PATIENCE_MS, async () => (await depth()) < MAX_EVENTS);
    for (let left = await depth(); left > 0; left = await depth()) looks.push(await inspected.liveMemoryMb());
    if (looks.length < 1 + MIN_LOOKS) throw new Error(`only ${looks.length - 1} looks into the memory amid the drain`);
    return looks;
  });
  const [full = Number.NaN, ...draining] = filled;
  return {
    name: `nats: live memory with ${MAX_EVENTS} events in the outbox`,
    value: Math.max(...filled),
    unit: "MB",
    limit: 64,
    better: "lower",
    note: `of the Worker and all its objects: ${empty[0]?.toFixed(1)} when empty, ${full.toFixed(1)} when full, at most ${Math.max(...draining).toFixed(1)} in ${draining.length} looks amid the drain`,
  };
}

async function withInspectedHub(
  state: string,
  vars: Readonly<Record<string, string>>,
  use: (hub: Awaited<ReturnType<typeof startInspectedHub>>) => Promise<number[]>,
): Promise<number[]> {
  const hub = await startInspectedHub(state, vars);
  try {
    await natsHealth(hub); // makes the object
    return await use(hub);
  } finally {
    await hub.stop();
  }
}

/** From the first acknowledgement that is seen to the last. */
async function watchDrain(hub: HubProcess): Promise<{ events: number; seconds: number }> {
  let first: { at: number; acknowledged: number } | null = null;
  let last = { at: 0, acknowledged: 0 };
  await until("the outbox is empty", PATIENCE_MS, async () => {
    const text = await (await hub.fetch("/metrics")).text();
    const acknowledged = Number(/^hub_nats_acknowledged_total (\d+)$/m.exec(text)?.[1] ?? 0);
    const at = performance.now();
    if (acknowledged > 0) first ??= { at, acknowledged };
    if (acknowledged > last.acknowledged) last = { at, acknowledged };
    return /^hub_nats_outbox_messages 0$/m.test(text);
  });
  const { at, acknowledged } = first ?? last;
  return { events: last.acknowledged - acknowledged, seconds: (last.at - at) / 1_000 };
}

async function measureOutages({ nats, core, hub, progress }: Place): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const away of ["relay", "core"] as const) {
    progress(`the ${away} is away for ${OUTAGE_MS / 1_000} s`);
    const outage = { hub, hub_id: HUB, nats, core, away, lasts: OUTAGE_MS, patience: PATIENCE_MS };
    const { expected, lost, doubled, disordered, slowest_answer, recovered_after } = await runOutage(outage);
    figures.push({
      name: `nats: events lost, doubled or out of order, ${away} away for ${OUTAGE_MS / 1_000} s`,
      value: lost.length + doubled.length + disordered.length,
      unit: "",
      limit: 0,
      better: "lower",
      note: `of ${expected}, the hub killed three times; all there ${(recovered_after / 1_000).toFixed(1)} s after the ${away}; slowest answer of the API ${slowest_answer} ms`,
    });
  }
  return figures;
}
