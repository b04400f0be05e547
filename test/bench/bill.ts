/** What a million checks cost when deployed: everything that is charged for is counted while metered hubs run. */
import { MINUTE_MS } from "../../src/cli/start/ticker.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { countRounds, settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { type Counts, ORIGINS } from "./metered/counts.ts";
import { type MeteredHub, startMeteredHub } from "./metered-hub.ts";
import { billOf, countsSince, objectRequests, priceOfStorage, queueOperations, sumRows } from "./prices.ts";
import { registerServices } from "./registered.ts";
import { startTarget, type Target } from "./target-process.ts";
import { measureUpkeep, type Upkeep } from "./upkeep.ts";

const SECONDS_AN_HOUR = 3_600;
const SMALL = 1_000;
const LARGE = 10_000;
const INTERVALS_S = [30, 60] as const;
/** Of the targets: about what services of the world take. */
const LATENCY_MS = 100;
const RAW_DAYS = 2;
const HOURS_DAYS = 60;
const DAYS_DAYS = 730 - HOURS_DAYS;
/** Of the answers, so that streaks, retries and their rows are in the bill. */
const LOSS = 0.003;
/**
 * Of the checks that should have come; with fewer the machine was too busy to tell. One thread of this machine does what
 * hundreds of consumers do at Cloudflare, so some are late; what each costs is the same.
 */
const LEAST_CHECKS = 0.7;
const MILLION = 1_000_000;
/** Counting begins and ends here in a minute, away from the cron's tick. */
const AWAY_FROM_TICK_MS = 30_000;

export const billBench: Bench = {
  names: ["bill"],
  about: `what a million checks cost at list price, ${SMALL} and ${LARGE} services at ${INTERVALS_S.join(" and ")} s`,
  async run({ progress }) {
    const figures: Figure[] = [];
    for (const interval of INTERVALS_S) {
      // Started one after the other, for they share a bundler; both count at once, for nothing is timed here.
      const hubs = [await startMeteredHub(), await startMeteredHub()] as const;
      const [small, large] = await Promise.all([
        billAt(hubs[0], { services: SMALL, interval, minutes: 2 }, progress),
        billAt(hubs[1], { services: LARGE, interval, minutes: interval / 30 }, progress),
      ]);
      const limit = interval === 60 ? 0.2 : 0.25;
      figures.push({ ...small, limit }, { ...large, limit });
    }
    return figures;
  },
};

export interface Load {
  services: number;
  /** Seconds. */
  interval: number;
  /** For which everything is counted. */
  minutes: number;
}

/** Removes the hub in the end. */
export async function billAt(hub: MeteredHub, load: Load, progress: BenchContext["progress"]): Promise<Figure> {
  const { services, interval } = load;
  const target = await startTarget({ latencyMs: LATENCY_MS, byName: true });
  try {
    await registerServices(hub, { count: services, interval, target, options: NEVER_SLOW, progress });
    target.lose(LOSS);
    await settled(hub.state, progress);
    await sleep((MINUTE_MS - (Date.now() % MINUTE_MS) + AWAY_FROM_TICK_MS) % MINUTE_MS);
    const run = await countRun(hub, target, load);
    progress(`${services} services: rolling up and deleting what was recorded`);
    const figure = billFigure(load, run, await measureUpkeep(hub));
    progress(`${figure.name}: $${figure.value.toFixed(3)}; ${figure.note}`);
    return figure;
  } finally {
    await hub.remove();
    await target.stop();
  }
}

interface Run {
  counts: Counts;
  /** Requests that the target answered, retries too. */
  checks: number;
  /** Rows of the raw history. */
  rounds: number;
  /** Of the runtime. */
  cpuMs: number;
}

async function countRun(hub: MeteredHub, target: Target, { services, interval, minutes }: Load): Promise<Run> {
  await target.takeAnswers();
  const from = Date.now();
  const before = await hub.counts();
  const cpuBefore = hub.cpuMs();
  await sleep(minutes * MINUTE_MS);
  const counts = countsSince(before, await hub.counts());
  const cpuMs = hub.cpuMs() - cpuBefore;
  const { times } = await target.takeAnswers();
  const wanted = (services * minutes * MINUTE_MS) / (interval * 1_000);
  if (times.length < wanted * LEAST_CHECKS) {
    throw new Error(`only ${times.length} of ${wanted} checks were made: the machine is too busy to count a bill`);
  }
  return { counts, cpuMs, checks: times.length, rounds: countRounds(hub.state, { from, to: Date.now() }) };
}

function billFigure({ services, interval }: Load, { counts, cpuMs, checks, rounds }: Run, upkeep: Upkeep): Figure {
  const scale = MILLION / checks;
  const serviceHours = (MILLION * interval) / SECONDS_AN_HOUR;
  const parts = {
    ...Object.fromEntries(Object.entries(billOf(counts, cpuMs)).map(([name, price]) => [name, price * scale])),
    rollups: upkeep.serviceHour * serviceHours,
    retention: upkeep.round * rounds * scale,
    storage:
      priceOfStorage(upkeep.bytes.round * rounds * scale, RAW_DAYS) +
      priceOfStorage(upkeep.bytes.rollup * serviceHours, HOURS_DAYS + DAYS_DAYS / 24),
  };
  const dollars = Object.entries(parts).map(([name, price]) => `${name} ${price.toFixed(4)}`);
  const rows = sumRows(counts, ORIGINS);
  const counted = {
    "queue operations": queueOperations(counts),
    "object requests": objectRequests(counts),
    "object rows written": counts.object_rows.written,
    "rows written": rows.written,
    "rows read": rows.read,
    "worker requests": counts.consumer_runs + counts.cron_runs + counts.http_requests,
    "log lines": counts.log_lines,
  };
  const amounts = Object.entries(counted).map(([name, n]) => `${Math.round(n * scale).toLocaleString("en")} ${name}`);
  return {
    name: `bill: a million checks, ${services} services at ${interval} s`,
    value: Object.values(parts).reduce((sum, part) => sum + part, 0),
    unit: "$",
    limit: null,
    better: "lower",
    note: `${dollars.join(", ")}; counted in ${checks} checks, ${LOSS * 100} % failing, for a million: ${amounts.join(", ")}`,
  };
}
