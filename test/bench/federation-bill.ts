/** What a federation costs when deployed: the same quiet minutes and the same flips, without another hub and with one. */
import { MINUTE_MS } from "../../src/cli/start/ticker.ts";
import { beat, registerHeartbeat } from "../processes/nats-hub.ts";
import { sleep, until } from "../processes/patience.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import type { Counts } from "./metered/counts.ts";
import { ORIGINS } from "./metered/counts.ts";
import { type MeteredHub, startMeteredHub } from "./metered-hub.ts";
import { billOf, countsSince, objectRequests, sumRows } from "./prices.ts";

const TOKEN = "join-token-of-the-bench";
const SERVICES = 20;
/** Even for each service, so that all are well in the end. */
const FLIPS = 120;
const GAP_MS = 200;
const QUIET_MINUTES = 4;
/** After the last flip, until everything that it led to has been done. */
const SETTLE_MS = 15_000;
const PATIENCE_MS = 60_000;
const MINUTES_A_MONTH = 43_200;
const MILLION = 1_000_000;

export const federationBillBench: Bench = {
  names: ["federation-bill"],
  about: "what another hub costs a deployed hub, a quiet month and a flip",
  async run({ progress }) {
    const vars = { FEDERATION_TOKEN: TOKEN };
    // Started one after the other, for they share a bundler.
    const a = await startMeteredHub({ HUB_ID: "hub-a", ...vars });
    const b = await startMeteredHub({ HUB_ID: "hub-b", ...vars });
    try {
      const ids: number[] = [];
      for (let n = 0; n < SERVICES; n++) ids.push(await registerHeartbeat(a, `s-${n}`));
      for (const id of ids) await beat(a, id, "pass");
      progress(`${QUIET_MINUTES} quiet minutes and ${FLIPS} flips alone`);
      const alone = await measure(a, ids);
      await join(a, b);
      progress(`${QUIET_MINUTES} quiet minutes and ${FLIPS} flips with another hub`);
      const joined = await measure(a, ids);
      return [
        share("federation: another hub, a month in which nothing changes", alone.quiet, joined.quiet, {
          scale: MINUTES_A_MONTH / QUIET_MINUTES,
          per: "month",
        }),
        share("federation: a million flips told to another hub", alone.flips, joined.flips, {
          scale: MILLION / FLIPS,
          per: "million",
        }),
      ];
    } finally {
      await Promise.all([a.remove(), b.remove()]);
    }
  },
};

async function join(a: MeteredHub, b: MeteredHub): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await b.fetch("/api/federation/hubs", {
    method: "POST",
    headers,
    body: JSON.stringify({ url: a.url }),
  });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  await until("the services are not at the other hub", PATIENCE_MS, async () => {
    const found = await (await b.fetch("/api/federation/services?hub=hub-a&limit=1")).text();
    return found.includes(`"total":${SERVICES}`);
  });
  await sleep(SETTLE_MS);
}

async function measure(hub: MeteredHub, ids: readonly number[]): Promise<{ quiet: Counts; flips: Counts }> {
  // From the middle of one minute to the middle of another, so that both have as many ticks.
  await sleep((1.5 * MINUTE_MS - (Date.now() % MINUTE_MS)) % MINUTE_MS);
  const before = await hub.counts();
  await sleep(QUIET_MINUTES * MINUTE_MS);
  const between = await hub.counts();
  for (let flip = 0; flip < FLIPS; flip++) {
    const status = Math.floor(flip / ids.length) % 2 === 0 ? "fail" : "pass";
    await beat(hub, ids[flip % ids.length] ?? 0, status);
    await sleep(GAP_MS);
  }
  await sleep(SETTLE_MS);
  return { quiet: countsSince(before, between), flips: countsSince(between, await hub.counts()) };
}

function share(name: string, alone: Counts, joined: Counts, { scale, per }: { scale: number; per: string }): Figure {
  const [before, after] = [billOf(alone, 0), billOf(joined, 0)];
  const parts = Object.entries(after).map(([part, price]) => {
    const more = (price - before[part as keyof typeof before]) * scale; // the two bills have the same parts
    return { part, more };
  });
  const rows = [sumRows(alone, ORIGINS), sumRows(joined, ORIGINS)] as const;
  const counted = {
    "object requests": objectRequests(joined) - objectRequests(alone),
    "object rows written": joined.object_rows.written - alone.object_rows.written,
    "rows written": rows[1].written - rows[0].written,
    "rows read": rows[1].read - rows[0].read,
    "ms of objects": joined.object_active_ms - alone.object_active_ms,
  };
  const amounts = Object.entries(counted).map(([what, n]) => `${Math.round(n * scale).toLocaleString("en")} ${what}`);
  return {
    name,
    value: parts.reduce((sum, { more }) => sum + more, 0),
    unit: "$",
    limit: null,
    better: "lower",
    note: `${parts.map(({ part, more }) => `${part} ${more.toFixed(4)}`).join(", ")}; a ${per}: ${amounts.join(", ")}`,
  };
}
