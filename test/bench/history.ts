/** The history of a month, from a database that holds one. */
import { encodeHistogram, recordLatency } from "../../src/core/values/histogram.ts";
import { accepted } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { openHubDatabase } from "./database.ts";
import type { Figure } from "./figure.ts";
import { requestsAtRate } from "./load.ts";
import { loadAverage } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";
import { registerServices } from "./registered.ts";
import { startTarget } from "./target-process.ts";

const SERVICES = 240;
const INTERVAL_S = 30;
const HOUR_MS = 3_600_000;
const DAYS = 30;
/** As long as the hub keeps raw rounds. */
const RAW_HOURS = 48;
/** A service flips twice a day. */
const FLIP_EVERY_MS = 12 * HOUR_MS;
const RATE = 20;
const LOAD_MS = 20_000;
/** A hub that has just been started compiles its code first. */
const WARM_UP_MS = 10_000;

export const historyBench: Bench = {
  names: ["history"],
  about: `GET /api/services/{id}/history over ${DAYS} days, of ${SERVICES} services at ${INTERVAL_S} s`,
  async run(context) {
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"] });
    try {
      await registerServices(hub, { count: SERVICES, interval: INTERVAL_S, target, ...context });
      await hub.stop();
      context.progress(`writing ${DAYS} days of history into the stopped hub's database`);
      const { rounds, rollups } = writeHistory(hub.state, Date.now());
      await hub.restart();
      return [await askHistory(hub, context, `${rollups} rollups, ${rounds} rounds in the database`)];
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

async function askHistory(hub: HubProcess, { progress }: BenchContext, stored: string): Promise<Figure> {
  progress(`${RATE} requests a second for ${LOAD_MS / 1_000} s`);
  const from = new Date(Date.now() - DAYS * 24 * HOUR_MS).toISOString();
  let checks = 0;
  const ask = async (index: number) => {
    const path = `/api/services/${1 + ((index * 7) % SERVICES)}/history?from=${from}`;
    const { points }: { points: { checks: number }[] } = await accepted(await hub.fetch(path));
    checks = points.reduce((sum, point) => sum + point.checks, 0);
  };
  await requestsAtRate({ rate: RATE, durationMs: WARM_UP_MS }, ask);
  const latencies = await requestsAtRate({ rate: RATE, durationMs: LOAD_MS }, ask);
  if (checks < (DAYS - 1) * 24 * 120) throw new Error(`the history of a month tells of ${checks} checks`);
  return {
    name: `history: ${DAYS} days of one service, p99`,
    value: quantile(latencies, 0.99),
    unit: "ms",
    limit: 60,
    better: "lower",
    note: `${latencies.length} requests at ${RATE}/s, ms: ${spread(latencies)}; ${stored}; load average ${loadAverage()}`,
  };
}

/** What a hub that has run for a month would hold: rollups of all its hours, raw rounds of the last ones, flips. */
function writeHistory(state: string, now: number): { rounds: number; rollups: number } {
  const database = openHubDatabase(state, { readOnly: false });
  const thisHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  const start = thisHour - DAYS * 24 * HOUR_MS;
  const histogram = hourHistogram();
  database.exec("BEGIN");
  database.exec("DELETE FROM rounds; DELETE FROM flips");
  database
    .prepare(
      `WITH RECURSIVE hours (hour) AS (SELECT ?1 UNION ALL SELECT hour + ${HOUR_MS} FROM hours WHERE hour + ${HOUR_MS} < ?2)
       INSERT INTO rollups (service_id, hour, checks, failures, min, max, histogram)
       SELECT id, hour, 120, 1, 20, 61.5, ?3 FROM services, hours`,
    )
    .run(start, thisHour, histogram);
  database
    .prepare(
      `WITH RECURSIVE ticks (tick) AS (SELECT ?1 UNION ALL SELECT tick + ${INTERVAL_S * 1_000} FROM ticks WHERE tick + ${INTERVAL_S * 1_000} < ?2)
       INSERT INTO rounds
       SELECT lane, tick, 0, 'home', tick,
         (SELECT json_group_array(json_array(id, 1, 1, 20 + abs(random() % 400) / 10.0, NULL, NULL)) FROM services WHERE services.lane = lanes.lane)
       FROM (SELECT DISTINCT lane FROM services) AS lanes, ticks`,
    )
    .run(thisHour - RAW_HOURS * HOUR_MS, now);
  database
    .prepare(
      `WITH RECURSIVE turns (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM turns WHERE seq < ?1)
       INSERT INTO flips SELECT id, seq, iif(seq % 2, 'down', 'up'), iif(seq % 2, 'up', 'down'), 'timeout',
         ?2 + seq * ${FLIP_EVERY_MS}, ?2 + seq * ${FLIP_EVERY_MS}, '[]', project_id FROM services, turns`,
    )
    .run(Math.floor((now - start) / FLIP_EVERY_MS) - 1, start);
  database.exec(
    `INSERT OR REPLACE INTO meta VALUES ('rollup_hour', '${thisHour - HOUR_MS}'), ('raw_since', '${thisHour - RAW_HOURS * HOUR_MS}')`,
  );
  database.exec("COMMIT");
  const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  const counts = { rounds: count("rounds"), rollups: count("rollups") };
  database.close();
  return counts;
}

/** An hour's 119 latencies between 20 and 60 ms. */
function hourHistogram(): string {
  const histogram = new Map<number, number>();
  for (let n = 0; n < 119; n++) recordLatency(histogram, 20 + n / 3);
  return encodeHistogram(histogram);
}
