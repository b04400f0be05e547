/** Federation: how soon a flip is known at another hub, whether all views converge, and what many hubs cost each other. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { beat, registerHeartbeat } from "../processes/nats-hub.ts";
import { sleep, until } from "../processes/patience.ts";
import { type Watching, watch } from "../processes/watch.ts";
import type { Bench, BenchContext } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { loadAverage } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";

const TOKEN = "join-token-of-the-bench";
const SERVICES = 20;
const FLIPS = 200;
const GAP_MS = 200;
const PATIENCE_MS = 30_000;
const RUNS = 1_000;
const MEASURE = fileURLToPath(new URL("../federation/measure.ts", import.meta.url));

export const federationBench: Bench = {
  names: ["federation-flip", "federation-converge", "federation-size"],
  about: `a flip's way to another hub; ${RUNS} histories of three hubs that must converge; ten hubs of 1,000 services`,
  async run({ wanted, progress }) {
    const figures: Figure[] = [];
    if (wanted("federation-flip")) figures.push(...(await measureFlips(progress)));
    if (wanted("federation-converge")) figures.push(await measureConvergence(progress));
    if (wanted("federation-size")) figures.push(...(await measureSize(progress)));
    return figures;
  },
};

async function measureFlips(progress: BenchContext["progress"]): Promise<Figure[]> {
  const a = await startHub({ args: ["--quiet"], vars: { HUB_ID: "hub-a", FEDERATION_TOKEN: TOKEN } });
  const b = await startHub({
    args: ["--quiet"],
    vars: { HUB_ID: "hub-b", FEDERATION_TOKEN: TOKEN, FEDERATION_PEERS: a.url },
  });
  try {
    const names = Array.from({ length: SERVICES }, (_each, index) => `s-${index}`);
    const ids: number[] = [];
    for (const name of names) ids.push(await registerHeartbeat(a, name));
    for (const id of ids) await beat(a, id, "pass");
    await until("the services are not at the other hub", 2 * PATIENCE_MS, async () => (await countUp(b)) === SERVICES);
    const watching = await watch(b, "/ws/federation");
    progress(`${FLIPS} flips, one each ${GAP_MS} ms`);
    const told: number[] = [];
    const shown: number[] = [];
    for (let flip = 0; flip < FLIPS; flip++) {
      const index = flip % SERVICES;
      const status = Math.floor(flip / SERVICES) % 2 === 0 ? "fail" : "pass";
      const began = performance.now();
      await beat(a, ids[index] ?? 0, status);
      told.push((await frameOf(watching, flip + 1)) - began);
      await shownAs(b, names[index] ?? "", status === "fail" ? "down" : "up");
      shown.push(performance.now() - began);
      await sleep(Math.max(0, GAP_MS - (performance.now() - began)));
    }
    watching.close();
    return [
      latency("federation: heartbeat that fails → /ws/federation of another hub, p99", told),
      latency("federation: heartbeat that fails → /api/federation/services of another hub, p99", shown),
    ];
  } finally {
    await Promise.all([a.remove(), b.remove()]);
  }
}

/** Resolves with the time at which that many changes of services were heard of. */
async function frameOf(watching: Watching, count: number): Promise<number> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(1)) {
    if (watching.frames.filter(({ type }) => type === "remote_flip").length >= count) return performance.now();
  }
  throw new Error(`flip ${count} was not heard of`);
}

const pageSchema = z.object({ total: z.int(), services: z.array(z.object({ health_status: z.string() })) });

async function found(hub: HubProcess, query: string) {
  const answer = await hub.fetch(`/api/federation/services?${query}`);
  return pageSchema.parse(await answer.json());
}

const countUp = async (hub: HubProcess) => (await found(hub, "hub=hub-a&healthy=true")).total;

async function shownAs(hub: HubProcess, name: string, status: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    if ((await found(hub, `name=${name}`)).services[0]?.health_status === status) return;
  }
  throw new Error(`${name} was not shown as ${status}`);
}

function latency(name: string, ms: number[]): Figure {
  const note = `${ms.length} flips; ms: ${spread(ms)}; load average ${loadAverage()}`;
  return { name, value: quantile(ms, 0.99), unit: "ms", limit: 1_000, better: "lower", note };
}

async function measureConvergence(progress: BenchContext["progress"]): Promise<Figure> {
  progress(`${RUNS} histories of changes, cuts and restorations`);
  const { runs, seconds } = z
    .object({ runs: z.int(), seconds: z.number() })
    .parse(await measured("convergence", String(RUNS)));
  return {
    name: "federation: histories of three hubs after which all views are equal",
    value: runs,
    unit: "",
    limit: RUNS,
    better: "higher",
    note: `up to 60 steps each, in ${seconds.toFixed(0)} s`,
  };
}

const trafficSchema = z.object({ requests: z.int(), bytes: z.int(), seconds: z.number() });
const sizeSchema = z.object({
  pairs: z.int(),
  first: trafficSchema,
  quiet: trafficSchema,
  flipped: trafficSchema,
  request_bytes: z.int(),
  copy_bytes: z.number(),
  first_page_ms: z.number(),
  by_name_ms: z.number(),
});

async function measureSize(progress: BenchContext["progress"]): Promise<Figure[]> {
  progress("ten hubs of 1,000 services, from empty");
  const size = sizeSchema.parse(await measured("size"));
  const { pairs, first, quiet, flipped, request_bytes, copy_bytes, first_page_ms, by_name_ms } = size;
  const each = (value: number) => value / pairs;
  const lower = { better: "lower" as const, limit: null };
  return [
    {
      name: "federation: 10 hubs of 1,000 services from empty, bodies",
      value: first.bytes / 1_000_000,
      unit: "MB",
      ...lower,
      note: `${first.requests} requests, ${first.seconds.toFixed(1)} s of work for all hubs in one process`,
    },
    {
      name: "federation: a minute in which nothing changes, for each pair and direction",
      value: each(quiet.requests) * request_bytes + each(quiet.bytes),
      unit: "B",
      limit: 200,
      better: "lower",
      note: `${each(quiet.requests)} request of ${request_bytes} bytes, of which the signature is most; the answer has no body`,
    },
    {
      name: "federation: one flip, pulled by a pair, body",
      value: flipped.bytes / (pairs / 10),
      unit: "B",
      ...lower,
      note: `${flipped.requests} requests of all pairs, of which ${pairs / 10} brought the flip`,
    },
    {
      name: "federation: a copied service in the database, with its indexes",
      value: copy_bytes,
      unit: "B",
      ...lower,
      note: `of 9,000 copies the first page takes ${first_page_ms.toFixed(0)} ms, one name ${by_name_ms.toFixed(1)} ms`,
    },
  ];
}

async function measured(...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [MEASURE, ...args], { maxBuffer: 10_000_000 });
  return JSON.parse(stdout);
}
