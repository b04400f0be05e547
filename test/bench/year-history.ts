/** Fills the database of a stopped hub with what a year leaves in it. */
import type { DatabaseSync } from "node:sqlite";
import { AUDIT_ACTIONS } from "../../src/core/hub/audit.ts";
import { LANE_SIZE } from "../../src/core/lane/lanes.ts";
import { encodeHistogram, type Histogram, mergeHistogram } from "../../src/core/values/histogram.ts";
import { daysBefore } from "../../src/store/history/daily-rollups.ts";
import { DAY_MS } from "../../src/store/history/days.ts";
import { HOUR_MS, hourOf, lastWholeHour } from "../../src/store/history/hours.ts";
import { DAYS_MERGED_KEY, RAW_SINCE_KEY, ROLLUP_HOUR_KEY } from "../../src/store/meta.ts";
import { openHubDatabase } from "./database.ts";
import { aLatency, anHour } from "./storage.ts";

export const YEAR_DAYS = 365;
export const FLIPS_A_SERVICE = 60;
export const REMOTE_HUBS = 20;
export const REMOTE_SERVICES = 500;
const RAW_HOURS = 48;
const EVENT_DAYS = 30;
/** Of the rounds; the services themselves are checked once an hour, so that their checks do not disturb. */
const INTERVAL_MS = 60_000;
const AUDIT_ROWS = 20_000;
const ROWS_AT_ONCE = 1_000_000;
/** Different hours, days and rounds; all rows are some of these. */
const VARIANTS = 200;
const ROUND_VARIANTS = 20;

/** Returns the rows of each table. `now`: Unix ms. */
export function fillYear(state: string, now: number, progress: (line: string) => void): Record<string, number> {
  const database = openHubDatabase(state, { readOnly: false });
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000");
  const range = {
    start: hourOf(now) - YEAR_DAYS * DAY_MS,
    firstHour: daysBefore({ rawSince: now }, now),
    rawSince: hourOf(now) - RAW_HOURS * HOUR_MS,
    now,
  };
  try {
    database.exec("DELETE FROM rounds; DELETE FROM rollups; DELETE FROM flips");
    makeVariants(database);
    fillRollups(database, range, progress);
    fillRounds(database, range);
    progress("single checks are there");
    fillFlips(database, range);
    fillAudit(database, range);
    fillCopies(database, range);
    const mark = database.prepare("INSERT OR REPLACE INTO meta VALUES (?, CAST(? AS TEXT))");
    mark.run(ROLLUP_HOUR_KEY, String(lastWholeHour(now)));
    mark.run(RAW_SINCE_KEY, String(range.rawSince));
    mark.run(DAYS_MERGED_KEY, String(range.firstHour));
    database.prepare("UPDATE projects SET created_at = ?").run(range.start);
    database.prepare("UPDATE services SET created_at = ?").run(range.start);
    const tables = ["services", "rollups", "daily_rollups", "rounds", "flips", "events", "audit", "remote_services"];
    return Object.fromEntries(tables.map((table) => [table, count(database, table)]));
  } finally {
    database.close();
  }
}

/** Unix ms. */
interface Times {
  /** Of the year. */
  start: number;
  /** Before it days are merged. */
  firstHour: number;
  rawSince: number;
  now: number;
}

function count(database: DatabaseSync, table: string): number {
  return Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
}

function makeVariants(database: DatabaseSync): void {
  database.exec("CREATE TEMP TABLE variants (n INTEGER PRIMARY KEY, min REAL, max REAL, hour TEXT, day TEXT)");
  const insert = database.prepare("INSERT INTO variants VALUES (?, ?, ?, ?, ?)");
  for (let n = 0; n < VARIANTS; n++) {
    const hours = Array.from({ length: 24 }, () => anHour(HOUR_MS / INTERVAL_MS));
    const day: Histogram = new Map();
    for (const { histogram } of hours) mergeHistogram(day, histogram);
    const [hour = anHour(1)] = hours;
    insert.run(n, hour.min, hour.max, encodeHistogram(hour.histogram), encodeHistogram(day));
  }
}

/** In the order of the primary key, a transaction for each million of rows. */
function fillRollups(database: DatabaseSync, times: Times, progress: (line: string) => void): void {
  const { start, firstHour, now } = times;
  const steps = `WITH RECURSIVE steps (at) AS (SELECT ?1 UNION ALL SELECT at + ?3 FROM steps WHERE at + ?3 < ?2)
    SELECT services.id, steps.at`;
  const among = `FROM services CROSS JOIN steps
    JOIN variants ON variants.n = (services.id * 31 + steps.at / 3600000 * 17) % ${VARIANTS}
    WHERE services.id >= ?4 AND services.id < ?5`;
  const columns = "checks, failures, min, max, histogram";
  const hours = database.prepare(
    `INSERT INTO rollups (service_id, hour, ${columns}) ${steps}, 60, 0, min, max, variants.hour ${among}`,
  );
  const days = database.prepare(
    `INSERT INTO daily_rollups (service_id, day, hours, ${columns})
     ${steps}, ${2 ** 24 - 1}, 1440, 0, min, max, variants.day ${among}`,
  );
  const last = Number(database.prepare("SELECT max(id) AS id FROM services").get()?.id);
  const write = (statement: typeof hours, from: number, to: number, step: number) => {
    const atOnce = Math.max(1, Math.floor(ROWS_AT_ONCE / ((to - from) / step)));
    for (let id = 1; id <= last; id += atOnce) {
      database.exec("BEGIN");
      statement.run(from, to, step, id, id + atOnce);
      database.exec("COMMIT");
    }
  };
  write(days, Math.ceil(start / DAY_MS) * DAY_MS, firstHour, DAY_MS);
  progress("days are there");
  write(hours, firstHour, hourOf(now), HOUR_MS);
  progress("hours are there");
}

function fillRounds(database: DatabaseSync, { rawSince, now }: Times): void {
  database.exec("CREATE TEMP TABLE results (lane INTEGER, n INTEGER, body TEXT, PRIMARY KEY (lane, n)) WITHOUT ROWID");
  const insert = database.prepare("INSERT INTO results VALUES (?, ?, ?)");
  const rows = database.prepare("SELECT lane, json_group_array(id) AS ids FROM services GROUP BY lane").all();
  database.exec("BEGIN");
  for (const { lane, ids } of rows) {
    const members: number[] = JSON.parse(String(ids));
    for (let n = 0; n < ROUND_VARIANTS; n++) {
      insert.run(Number(lane), n, JSON.stringify(members.map((id) => [id, 1, 1, aLatency(), null, null])));
    }
  }
  database
    .prepare(
      `WITH RECURSIVE ticks (at) AS (SELECT ?1 UNION ALL SELECT at + ?3 FROM ticks WHERE at + ?3 < ?2)
       INSERT INTO rounds SELECT results.lane, ticks.at, 0, 'home', ticks.at + 3, results.body
       FROM (SELECT DISTINCT lane FROM services ORDER BY lane) AS lanes CROSS JOIN ticks
       JOIN results ON results.lane = lanes.lane AND results.n = ticks.at / ?3 % ${ROUND_VARIANTS}`,
    )
    .run(rawSince, now, INTERVAL_MS);
  database.exec("COMMIT");
}

/** The flips of the last days are among the events; these have numbers before those that the hub has written itself. */
function fillFlips(database: DatabaseSync, { start, now }: Times): void {
  const step = Math.floor((now - start) / (FLIPS_A_SERVICE + 1));
  const evidence = JSON.stringify(
    Array.from({ length: 4 }, (_, n) => ({
      at: new Date(start + n * 1_000).toISOString(),
      vantage: "home",
      ok: false,
      latency_ms: null,
      error: "connect: connection refused",
    })),
  );
  database.exec("BEGIN");
  database
    .prepare(
      `WITH RECURSIVE turns (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM turns WHERE seq < ${FLIPS_A_SERVICE})
       INSERT INTO flips SELECT id, seq, iif(seq % 2, 'up', 'down'), iif(seq % 2, 'down', 'up'),
         iif(seq % 2, 'connect: connection refused', 'answers again'),
         ?1 + seq * ?2 + id * 37 % ?2, ?1 + seq * ?2 + id * 37 % ?2, ?3, project_id FROM services, turns`,
    )
    .run(start, step, evidence);
  database
    .prepare(
      `INSERT INTO events SELECT -row_number() OVER (ORDER BY at DESC), at, 'flip', 'past:' || service_id || ':' || seq,
         json_object('service_id', service_id, 'seq', seq, 'from', from_status, 'to', to_status, 'reason', reason,
           'evidence', json(evidence)) FROM flips WHERE at >= ?`,
    )
    .run(now - EVENT_DAYS * DAY_MS);
  database
    .prepare("UPDATE services SET flip_seq = ?, status_since = ? WHERE status = 'up'")
    .run(FLIPS_A_SERVICE, start + FLIPS_A_SERVICE * step);
  database.exec("COMMIT");
}

function fillAudit(database: DatabaseSync, { start, now }: Times): void {
  const insert = database.prepare(
    `INSERT INTO audit (at, actor, key_id, address, action, targets, count, fields)
     VALUES (?, ?, ?, '127.0.0.1', ?, ?, 1, '["tags"]')`,
  );
  database.exec("BEGIN; DELETE FROM audit");
  for (let n = 0; n < AUDIT_ROWS; n++) {
    const key = 1 + (n % 5);
    const action = AUDIT_ACTIONS[n % AUDIT_ACTIONS.length] ?? "service.updated";
    const at = start + Math.floor(((now - start) * n) / AUDIT_ROWS);
    insert.run(at, `key ${key}`, key, action, JSON.stringify([`p${n % 50}/s${n % 10_000}`]));
  }
  database.exec("COMMIT");
}

/** Hubs that were heard a moment ago and are asked again in an hour, and copies of their services. */
function fillCopies(database: DatabaseSync, { now }: Times): void {
  const hub = database.prepare(
    `INSERT INTO hubs (hub_id, url, name, region, version, source, trust, epoch, revision, head, copy, status,
       status_since, overall_status, service_count, latency_ms, last_heard_at, next_sync_at, created_at, updated_at)
     VALUES (?1, 'http://127.0.0.1:9', ?1, 'eu', '0.2.0', 'registered', 'approved', 'e', 500, 500, 1, 'up', ?2,
       'healthy', ${REMOTE_SERVICES}, 12, ?2, ?3, ?2, ?2)`,
  );
  const service = database.prepare(
    `INSERT INTO remote_services (hub_id, service_id, copy, project, name, service_type, version, address, port, tags,
       capabilities, metadata, depends_on, latency_ms, pulled_status, pulled_since, pulled_seq)
     VALUES (?, ?, 1, ?, ?, 'api', '1.2.3', '127.0.0.1', 8080, ?, ?, '{"team":"a"}', '[]', 12.5, ?, ?, 3)`,
  );
  database.exec("BEGIN");
  for (let h = 1; h <= REMOTE_HUBS; h++) {
    hub.run(`remote-${h}`, now, now + HOUR_MS - 60_000);
    for (let n = 1; n <= REMOTE_SERVICES; n++) {
      const tags = JSON.stringify([`tag-${n % 50}`, "remote"]);
      const status = n % LANE_SIZE === 0 ? "down" : "up";
      service.run(`remote-${h}`, n, `p${n % 10}`, `s${n}`, tags, JSON.stringify([`can-${n % 20}`]), status, now);
    }
  }
  database.exec("COMMIT");
}
