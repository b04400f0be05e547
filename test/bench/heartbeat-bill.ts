/** What a heartbeat costs when deployed: the one beat of an interval, and beats that come far more often. */
import { beat, registerHeartbeat } from "../processes/nats-hub.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { ORIGINS } from "./metered/counts.ts";
import { type MeteredHub, startMeteredHub } from "./metered-hub.ts";
import { billOf, countsSince, objectRequests, queueOperations, sumRows } from "./prices.ts";

const SERVICES = 96;
const INTERVAL_S = 60;
const MILLION = 1_000_000;
/** After the last beat, until it is recorded. */
const SETTLE_MS = 5_000;

export const heartbeatBillBench: Bench = {
  names: ["heartbeat-bill"],
  about: `what a million heartbeats cost at list price, ${SERVICES} services at ${INTERVAL_S} s`,
  async run({ progress }) {
    const hub = await startMeteredHub();
    try {
      const ids: number[] = [];
      for (let n = 0; n < SERVICES; n++) ids.push(await registerHeartbeat(hub, `s-${n}`, INTERVAL_S));
      for (const id of ids) await beat(hub, id, "pass");
      await sleep(SETTLE_MS);
      progress("one beat an interval");
      const once = await measure(hub, ids, { rounds: 2, everyMs: INTERVAL_S * 1_000 });
      progress("a beat each five seconds");
      const often = await measure(hub, ids, { rounds: 12, everyMs: 5_000 });
      return [
        { ...once, name: "heartbeats: a million, one an interval" },
        { ...often, name: "heartbeats: a million, one each twelfth of the interval" },
      ];
    } finally {
      await hub.remove();
    }
  },
};

/** Each service beats once in `everyMs`, one after the other. */
async function measure(
  hub: MeteredHub,
  ids: readonly number[],
  { rounds, everyMs }: { rounds: number; everyMs: number },
): Promise<Omit<Figure, "name">> {
  const before = await hub.counts();
  const cpuBefore = hub.cpuMs();
  for (let round = 0; round < rounds; round++) {
    const start = Date.now();
    for (const [index, id] of ids.entries()) {
      await beat(hub, id, "pass");
      await sleep(Math.max(0, start + ((index + 1) * everyMs) / ids.length - Date.now()));
    }
  }
  await sleep(SETTLE_MS);
  const counts = countsSince(before, await hub.counts());
  const scale = MILLION / (rounds * ids.length);
  const parts = Object.entries(billOf(counts, hub.cpuMs() - cpuBefore));
  const amounts = {
    "queue operations": queueOperations(counts),
    "object requests": objectRequests(counts),
    "object rows written": counts.object_rows.written,
    "rows written": sumRows(counts, ORIGINS).written,
    "requests of the Worker": counts.http_requests,
  };
  const told = Object.entries(amounts).map(([name, n]) => `${Math.round(n * scale).toLocaleString("en")} ${name}`);
  return {
    value: parts.reduce((sum, [, price]) => sum + price * scale, 0),
    unit: "$",
    limit: 0.6,
    better: "lower",
    note: `${parts.map(([name, price]) => `${name} ${(price * scale).toFixed(3)}`).join(", ")}; ${told.join(", ")}`,
  };
}
