/** A hub with 10,000 services: how fast it works off a backlog, and how fast it lists them meanwhile. */
import { MINUTE_MS } from "../../src/cli/ticker.ts";
import { type HubProcess, startHub } from "../system/hub-process.ts";
import { type Bench, type BenchContext, sleep, until } from "./bench.ts";
import { recordedChecks } from "./database.ts";
import type { Figure } from "./figure.ts";
import { requestsAtRate } from "./load.ts";
import { loadAverage, treeCpuMs } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";
import { accepted, registerServices } from "./registered.ts";
import { startTarget, type Target } from "./target-process.ts";

const SERVICES = 10_000;
const INTERVAL_S = 60;
/** Each plans all services once, to be checked at once because their time has passed. */
const LATE_PLANS = [4, 3, 2];
const DRAIN_LIMIT_MS = 90_000;
const LIST_RATE = 50;
/** A whole minute, so that a plan of all the services falls into it. */
const LIST_MS = 60_000;

export const scaleBench: Bench = {
  names: ["backlog", "list"],
  about: `${SERVICES} services: checks per second while a backlog is drained, and GET /api/services?limit=100`,
  async run(context) {
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"] });
    try {
      await registerServices(hub, { count: SERVICES, interval: INTERVAL_S, target, ...context });
      return [
        ...(context.wanted("backlog") ? [await drainBacklog(hub, target, context)] : []),
        ...(context.wanted("list") ? [await listServices(hub, context)] : []),
      ];
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

/** The cron runs as for minutes that have passed: plan, queue, probe, monitor, board and record all have to catch up. */
async function drainBacklog(hub: HubProcess, target: Target, { progress }: BenchContext): Promise<Figure> {
  const thisMinute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  // The rounds of a plan are due from 15 s after its tick, for a minute.
  const window = { from: thisMinute - 4 * MINUTE_MS + 15_000, to: thisMinute - MINUTE_MS + 15_000 };
  const before = { recorded: recordedChecks(hub.state, window), cpu: treeCpuMs(hub.pid) };
  await target.takeAnswers();
  const started = Date.now();
  for (const minutes of LATE_PLANS) {
    const tick = `/cdn-cgi/local/scheduled?time=${thisMinute - minutes * MINUTE_MS}&cron=*+*+*+*+*`;
    const ran = await fetch(`${hub.url}${tick}`);
    if (!ran.ok) throw new Error(`the cron of a past minute: ${await ran.text()}`);
  }
  const backlog = LATE_PLANS.length * SERVICES;
  const drained = () => recordedChecks(hub.state, window) - before.recorded >= backlog;
  progress(`a backlog of ${backlog} checks is planned`);
  await until("the backlog was not drained", DRAIN_LIMIT_MS, drained);
  const seconds = (Date.now() - started) / 1_000;
  const { times } = await target.takeAnswers();
  const cpu = (treeCpuMs(hub.pid) - before.cpu) / times.length;
  return {
    name: "backlog: planned, probed, judged, shown and recorded",
    value: times.length / seconds,
    unit: "checks/s",
    limit: 1_000,
    better: "higher",
    note: `${times.length} checks in ${seconds.toFixed(1)} s, ${cpu.toFixed(2)} ms CPU each, load average ${loadAverage()}`,
  };
}

async function listServices(hub: HubProcess, { progress }: BenchContext): Promise<Figure> {
  progress(`${LIST_RATE} requests a second for ${LIST_MS / 1_000} s`);
  await sleep(2_000);
  const pages = SERVICES / 100;
  const latencies = await requestsAtRate({ rate: LIST_RATE, durationMs: LIST_MS }, async (index) => {
    const cursor = index % 2 === 0 ? "" : `&cursor=${(index % pages) * 100 + 1}`;
    const { services }: { services: unknown[] } = await accepted(await hub.fetch(`/api/services?limit=100${cursor}`));
    if (services.length < 99) throw new Error(`a page of ${services.length} services`);
  });
  return {
    name: `list: GET /api/services?limit=100 of ${SERVICES}, p99`,
    value: quantile(latencies, 0.99),
    unit: "ms",
    limit: 50,
    better: "lower",
    note: `${latencies.length} requests at ${LIST_RATE}/s while all are checked each ${INTERVAL_S} s; ms: ${spread(latencies)}`,
  };
}
