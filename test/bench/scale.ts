/** A hub with 10,000 services: how fast it works off a backlog, and how fast it lists them meanwhile. */
import { MINUTE_MS } from "../../src/cli/start/ticker.ts";
import { accepted } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { recordedChecks, settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { requestsAtRate } from "./load.ts";
import { loadAverage, treeCpuMs } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";
import { registerServices } from "./registered.ts";
import { startTarget, type Target } from "./target-process.ts";

const SERVICES = 10_000;
/** Checked before the others are registered. */
const BACKLOG_SERVICES = 3_000;
const BACKLOG_INTERVAL_S = 60;
/** Of the services that are only listed. */
const LISTED_INTERVAL_S = 60;
/**
 * Each plans all services once, to be checked at once because their time has passed. In minutes ago: the hub did not
 * run yet then, so it has no rounds of these minutes of its own.
 */
const LATE_PLANS = [31, 30, 29, 28, 27, 26, 25, 24, 23, 22];
/** A large hub plans fewer minutes. */
const MOST_CHECKS = 30_000;
const DRAIN_LIMIT_MS = 90_000;
const PAGE = 100;
const LIST_RATE = 50;
/** A whole minute, so that a plan of all the services falls into it. */
const LIST_MS = 60_000;
const SCRAPE_MS = 60_000;

export const scaleBench: Bench = {
  names: ["backlog", "list", "metrics"],
  about: `checks per second while a backlog is drained; GET /api/services?limit=100 and /metrics of ${SERVICES}`,
  async run({ wanted, progress }) {
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"], ticking: true });
    const register = (first: number, end: number, interval: number) =>
      registerServices(hub, { first, count: end - first, interval, target, progress });
    try {
      await register(0, BACKLOG_SERVICES, BACKLOG_INTERVAL_S);
      const drained = wanted("backlog") ? [await drainBacklog(hub, target, BACKLOG_SERVICES, progress)] : [];
      if (!wanted("list") && !wanted("metrics")) return drained;
      await register(BACKLOG_SERVICES, SERVICES, LISTED_INTERVAL_S);
      await settled(hub.state, progress);
      const listed = wanted("list") ? [await listServices(hub, progress)] : [];
      const scraped = wanted("metrics") ? [await scrapeMetrics(hub, progress)] : [];
      return [...drained, ...listed, ...scraped];
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

/** The hub is `ticking`. The cron runs as for minutes that have passed: plan, queue, probe, monitor, board and record all have to catch up. */
export async function drainBacklog(
  hub: HubProcess,
  target: Target,
  services: number,
  progress: BenchContext["progress"],
): Promise<Figure> {
  const thisMinute = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS;
  // The rounds of a plan are due from 15 s after its tick, for a minute.
  const window = { from: thisMinute - 31 * MINUTE_MS + 15_000, to: thisMinute - 21 * MINUTE_MS + 15_000 };
  const before = { recorded: recordedChecks(hub.state, window), cpu: treeCpuMs(hub.pid) };
  await target.takeAnswers();
  const started = Date.now();
  const plans = LATE_PLANS.slice(0, Math.max(1, Math.ceil(MOST_CHECKS / services)));
  for (const minutes of plans) {
    await hub.tick(thisMinute - minutes * MINUTE_MS);
  }
  const backlog = plans.length * services;
  const drained = () => recordedChecks(hub.state, window) - before.recorded >= backlog;
  progress(`a backlog of ${backlog} checks is planned`);
  await until("the backlog was not drained", DRAIN_LIMIT_MS, drained);
  const seconds = (Date.now() - started) / 1_000;
  const { times } = await target.takeAnswers();
  const cpu = (treeCpuMs(hub.pid) - before.cpu) / times.length;
  const { total: degraded }: { total: number } = await accepted(
    await hub.fetch("/api/services?status=degraded&limit=1"),
  );
  return {
    name: "backlog: planned, probed, judged, shown and recorded",
    value: times.length / seconds,
    unit: "checks/s",
    limit: 3_000,
    better: "higher",
    note: `${times.length} checks in ${seconds.toFixed(1)} s, ${cpu.toFixed(2)} ms CPU each, ${degraded} services took the hub's own load for slowness, load average ${loadAverage()}`,
  };
}

async function listServices(hub: HubProcess, progress: BenchContext["progress"]): Promise<Figure> {
  for (const line of hub.lines.slice(1)) progress(`the hub: ${line.slice(0, 200)}`);
  progress(`${LIST_RATE} requests a second for ${LIST_MS / 1_000} s`);
  const pages = await pagesOf(hub);
  const latencies = await requestsAtRate({ rate: LIST_RATE, durationMs: LIST_MS }, async (index) => {
    const { services }: Page = await accepted(await hub.fetch(pages[index % pages.length] ?? ""));
    if (services.length !== PAGE) throw new Error(`a page of ${services.length} services`);
  });
  return {
    name: `list: GET /api/services?limit=${PAGE} of ${SERVICES}, p99`,
    value: quantile(latencies, 0.99),
    unit: "ms",
    limit: 50,
    better: "lower",
    note: `${latencies.length} requests at ${LIST_RATE}/s while ${BACKLOG_SERVICES} are checked each ${BACKLOG_INTERVAL_S} s and the others each ${LISTED_INTERVAL_S} s; ms: ${spread(latencies)}; load average ${loadAverage()}`,
  };
}

async function scrapeMetrics(hub: HubProcess, progress: BenchContext["progress"]): Promise<Figure> {
  progress(`/metrics once a second for ${SCRAPE_MS / 1_000} s`);
  const latencies = await requestsAtRate({ rate: 1, durationMs: SCRAPE_MS }, async () => {
    const response = await hub.fetch("/metrics");
    const text = await response.text();
    const services = text.match(/^hub_service_up\{/gm)?.length;
    if (services !== SERVICES) throw new Error(`metrics of ${services} services`);
  });
  return {
    name: `metrics: GET /metrics of ${SERVICES} services, p99`,
    value: quantile(latencies, 0.99),
    unit: "ms",
    limit: 100,
    better: "lower",
    note: `${latencies.length} requests at 1/s while the services are checked; ms: ${spread(latencies)}; load average ${loadAverage()}`,
  };
}

interface Page {
  services: unknown[];
  next_cursor: string | null;
}

/** The paths of all pages, every second one the first page, which is asked for most. */
async function pagesOf(hub: HubProcess): Promise<string[]> {
  const first = `/api/services?limit=${PAGE}`;
  const paths: string[] = [];
  for (let path: string | null = first; path !== null; ) {
    const { services, next_cursor }: Page = await accepted(await hub.fetch(path));
    if (services.length === PAGE) paths.push(first, path);
    path = next_cursor === null ? null : `${first}&cursor=${next_cursor}`;
  }
  return paths;
}
