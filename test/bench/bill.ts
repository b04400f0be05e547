/** What a million checks cost when deployed: everything that is charged for is counted while metered hubs run. */
import { MINUTE_MS } from "../../src/cli/ticker.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { countRounds, settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { type Counts, ORIGINS } from "./metered/counts.ts";
import { type MeteredHub, startMeteredHub } from "./metered-hub.ts";
import { billOf, countsSince, objectRequests, queueOperations, sumRows } from "./prices.ts";
import { registerServices } from "./registered.ts";
import { startTarget, type Target } from "./target-process.ts";
import { measureUpkeep, type Upkeep } from "./upkeep.ts";

const SECONDS_AN_HOUR = 3_600;
const SMALL = 1_000;
const LARGE = 10_000;
const INTERVAL_S = 30;
/** Of the answers, so that streaks, retries and their rows are in the bill. */
const LOSS = 0.003;
/** Of the checks that should have come; with fewer the machine was too busy to tell. */
const LEAST_CHECKS = 0.97;
const MILLION = 1_000_000;
/** Counting begins and ends here in a minute, away from the cron's tick. */
const AWAY_FROM_TICK_MS = 30_000;

export const billBench: Bench = {
  names: ["bill"],
  about: `what a million checks cost at list price, ${SMALL} and ${LARGE} services at ${INTERVAL_S} s`,
  async run({ progress }) {
    // Started one after the other, for they share a bundler; both count at once, for nothing is timed here.
    const hubs = [await startMeteredHub(), await startMeteredHub()] as const;
    const [small, large] = await Promise.all([
      billAt(hubs[0], SMALL, 2, progress),
      billAt(hubs[1], LARGE, 1, progress),
    ]);
    return [
      { ...small, limit: 0.25 },
      { ...large, limit: null },
      {
        name: `bill: a check at ${LARGE} services against one at ${SMALL}, difference`,
        value: Math.abs(large.value / small.value - 1) * 100,
        unit: "%",
        limit: 10,
        better: "lower",
      },
    ];
  },
};

/** Removes the hub in the end. */
export async function billAt(
  hub: MeteredHub,
  services: number,
  minutes: number,
  progress: BenchContext["progress"],
): Promise<Figure> {
  const target = await startTarget();
  try {
    await registerServices(hub, { count: services, interval: INTERVAL_S, target, options: NEVER_SLOW, progress });
    target.lose(LOSS);
    await settled(hub.state, progress);
    await sleep((MINUTE_MS - (Date.now() % MINUTE_MS) + AWAY_FROM_TICK_MS) % MINUTE_MS);
    const run = await countRun(hub, target, services, minutes);
    progress(`${services} services: rolling up and deleting what was recorded`);
    return billFigure(services, run, await measureUpkeep(hub));
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
}

async function countRun(hub: MeteredHub, target: Target, services: number, minutes: number): Promise<Run> {
  await target.takeAnswers();
  const from = Date.now();
  const before = await hub.counts();
  await sleep(minutes * MINUTE_MS);
  const counts = countsSince(before, await hub.counts());
  const { times } = await target.takeAnswers();
  const wanted = (services * minutes * MINUTE_MS) / (INTERVAL_S * 1_000);
  if (times.length < wanted * LEAST_CHECKS) {
    throw new Error(`only ${times.length} of ${wanted} checks were made: the machine is too busy to count a bill`);
  }
  return { counts, checks: times.length, rounds: countRounds(hub.state, { from, to: Date.now() }) };
}

function billFigure(services: number, { counts, checks, rounds }: Run, upkeep: Upkeep): Figure {
  const scale = MILLION / checks;
  const parts = {
    ...Object.fromEntries(Object.entries(billOf(counts)).map(([name, price]) => [name, price * scale])),
    rollups: (upkeep.serviceHour * MILLION * INTERVAL_S) / SECONDS_AN_HOUR,
    retention: upkeep.round * rounds * scale,
  };
  const dollars = Object.entries(parts).map(([name, price]) => `${name} ${price.toFixed(4)}`);
  const rows = sumRows(counts, ORIGINS);
  const counted = {
    "queue operations": queueOperations(counts),
    "object requests": objectRequests(counts),
    "object rows written": counts.object_rows.written,
    "rows written": rows.written,
    "rows read": rows.read,
    "worker runs (not in the price list)": counts.consumer_runs + counts.cron_runs,
  };
  const amounts = Object.entries(counted).map(([name, n]) => `${Math.round(n * scale).toLocaleString("en")} ${name}`);
  return {
    name: `bill: a million checks, ${services} services at ${INTERVAL_S} s`,
    value: Object.values(parts).reduce((sum, part) => sum + part, 0),
    unit: "$",
    limit: null,
    better: "lower",
    note: `${dollars.join(", ")}; counted in ${checks} checks, ${LOSS * 100} % failing, for a million: ${amounts.join(", ")}`,
  };
}
