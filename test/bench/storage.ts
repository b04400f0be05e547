/** How large the history is, and how long it takes until it fills the largest database that D1 allows. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { D1_LIMIT_BYTES } from "../../src/core/hub/database-size.ts";
import { LANE_SIZE } from "../../src/core/lane/lanes.ts";
import { encodeHistogram, type Histogram, mergeHistogram, recordLatency } from "../../src/core/values/histogram.ts";
import type { Bench, BenchContext } from "./bench.ts";
import type { Figure } from "./figure.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const GB = 1e9;

/** What the hub keeps. */
const RAW_DAYS = 2;
const HOURS_DAYS = 60;
const KEPT_DAYS = 730;
const EVENT_DAYS = 30;
/** A service has one outage a week. */
const FLIPS_A_DAY = 2 / 7;

const SIZES: readonly { services: number; interval: number }[] = [
  ...[1_000, 2_000, 5_000, 10_000].map((services) => ({ services, interval: 30 })),
  ...[1_000, 5_000, 10_000].map((services) => ({ services, interval: 60 })),
  ...[1_000, 2_000].map((services) => ({ services, interval: 10 })),
];
/** Enough of each that the pages are as full as those of a large database. */
const SERVICES = 5 * LANE_SIZE;
const FILLED_HOURS = 10 * 24;
const FILLED_DAYS = 100;
const FILLED_RAW_MS = 2 * HOUR_MS;
const FLIPS = 50;

/** Bytes in the database, with indexes and what pages leave empty. */
export interface RowBytes {
  check: number;
  hour: number;
  day: number;
  flip: number;
  event: number;
}

export const storageBench: Bench = {
  names: ["storage"],
  about: `the history of ${SIZES.length} sizes: how long until it fills ${D1_LIMIT_BYTES / GB} GB`,
  async run({ progress }) {
    const intervals = [...new Set(SIZES.map(({ interval }) => interval))];
    const bytes = new Map(intervals.map((interval) => [interval, measureRows(interval, progress)]));
    const rows = [...bytes].map(([interval, each]) => rowFigure(interval, each));
    return [...rows, ...SIZES.map((size) => sizeFigure(size, bytes.get(size.interval)))];
  },
};

function rowFigure(interval: number, { check, hour, day, flip, event }: RowBytes): Figure {
  const shown = { check, flip, event };
  const others = Object.entries(shown).map(([name, bytes]) => `${bytes.toFixed(0)} a ${name}`);
  return {
    name: `storage: a service's day at ${interval} s, merged`,
    value: day,
    unit: "bytes",
    limit: null,
    better: "lower",
    note: `${hour.toFixed(0)} bytes an hour, ${(24 * hour).toFixed(0)} in the 24 of a day; ${others.join(", ")}`,
  };
}

function sizeFigure(size: (typeof SIZES)[number], bytes: RowBytes | undefined): Figure {
  if (bytes === undefined) throw new Error("not measured");
  const sizeAt = (days: number, hoursDays: number) => sizeAfter({ ...size, days, hoursDays }, bytes);
  const full = (hoursDays: number) => {
    const day = Array.from({ length: KEPT_DAYS }, (_, n) => n + 1).find((n) => sizeAt(n, hoursDays) > D1_LIMIT_BYTES);
    return day === undefined ? "never full" : `full after ${day} days`;
  };
  const inGb = (hoursDays: number) => `${(sizeAt(KEPT_DAYS, hoursDays) / GB).toFixed(1)} GB after two years`;
  return {
    name: `storage: ${size.services} services at ${size.interval} s, after two years`,
    value: sizeAt(KEPT_DAYS, HOURS_DAYS) / GB,
    unit: "GB",
    limit: D1_LIMIT_BYTES / GB,
    better: "lower",
    note: `${full(HOURS_DAYS)}; with hours only ${full(KEPT_DAYS)} (${inGb(KEPT_DAYS)})`,
  };
}

/** Returns the bytes of a hub that is `days` old and merges hours that are older than `hoursDays`. */
export function sizeAfter(
  { services, interval, days, hoursDays }: { services: number; interval: number; days: number; hoursDays: number },
  bytes: RowBytes,
): number {
  const checks = Math.min(days, RAW_DAYS) * (DAY_MS / 1_000 / interval);
  const hours = Math.min(days, hoursDays) * 24;
  const merged = Math.max(0, Math.min(days, KEPT_DAYS) - hoursDays);
  const flips = days * FLIPS_A_DAY;
  const events = Math.min(days, EVENT_DAYS) * FLIPS_A_DAY;
  const ofService =
    checks * bytes.check + hours * bytes.hour + merged * bytes.day + flips * bytes.flip + events * bytes.event;
  return services * ofService;
}

/** Fills a database as the hub does, in the order of time, and asks SQLite for the pages of each table. */
function measureRows(interval: number, progress: BenchContext["progress"]): RowBytes {
  const folder = mkdtempSync(join(tmpdir(), "hub-storage-"));
  const database = new DatabaseSync(join(folder, "hub.sqlite"));
  try {
    for (const name of readdirSync(MIGRATIONS).sort()) database.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
    progress(`filling a database with checks at ${interval} s`);
    database.exec("BEGIN");
    const start = Math.floor(Date.now() / DAY_MS) * DAY_MS - KEPT_DAYS * DAY_MS;
    const checks = fillRounds(database, start, interval);
    fillRollups(database, start, 3_600 / interval);
    fillFlips(database, start);
    database.exec("COMMIT");
    return {
      check: bytesOf(database, "rounds") / checks,
      hour: bytesOf(database, "rollups") / (SERVICES * FILLED_HOURS),
      day: bytesOf(database, "daily_rollups") / (SERVICES * FILLED_DAYS),
      flip: bytesOf(database, "flips") / (SERVICES * FLIPS),
      event: bytesOf(database, "events") / (SERVICES * FLIPS),
    };
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

function bytesOf(database: DatabaseSync, table: string): number {
  const row = database
    .prepare(
      "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)",
    )
    .get(table);
  return Number(row?.bytes);
}

/** Log-normal about 40 ms; each hundredth answer takes ten times as long. A hundredth of a millisecond, as probes measure. */
export function aLatency(): number {
  const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  return Math.round(100 * 40 * Math.exp(0.5 * normal) * (Math.random() < 0.01 ? 10 : 1)) / 100;
}

function fillRounds(database: DatabaseSync, start: number, interval: number): number {
  const insert = database.prepare(
    "INSERT INTO rounds (lane, due_at, attempt, vantage, started_at, results) VALUES (?, ?, 0, 'home', ?, ?)",
  );
  let checks = 0;
  for (let at = start; at < start + FILLED_RAW_MS; at += interval * 1_000) {
    for (let lane = 0; lane < SERVICES / LANE_SIZE; lane++) {
      const ids = Array.from({ length: LANE_SIZE }, (_, n) => 5_000 + lane * LANE_SIZE + n);
      const results = ids.map((id) => [id, 1, 1, aLatency(), null, null]);
      insert.run(interval * 100_000 + lane, at + lane, at + lane + 3, JSON.stringify(results));
      checks += ids.length;
    }
  }
  return checks;
}

/** Hours of all services, one hour after the other, and days likewise. */
function fillRollups(database: DatabaseSync, start: number, checks: number): void {
  const columns = "checks, failures, min, max, histogram";
  const hour = database.prepare(`INSERT INTO rollups (service_id, hour, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const day = database.prepare(
    `INSERT INTO daily_rollups (service_id, day, hours, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const forEach = (n: number, step: number, write: (id: number, at: number) => void) => {
    for (let i = 0; i < n; i++)
      for (let service = 0; service < SERVICES; service++) write(5_000 + service, start + i * step);
  };
  forEach(FILLED_HOURS, HOUR_MS, (id, at) => {
    const { histogram, min, max } = anHour(checks);
    hour.run(id, at, checks, 0, min, max, encodeHistogram(histogram));
  });
  forEach(FILLED_DAYS, DAY_MS, (id, at) => {
    const hours = Array.from({ length: 24 }, () => anHour(checks));
    const all: Histogram = new Map();
    for (const { histogram } of hours) mergeHistogram(all, histogram);
    const [min, max] = [Math.min(...hours.map((each) => each.min)), Math.max(...hours.map((each) => each.max))];
    day.run(id, at, 2 ** 24 - 1, 24 * checks, 0, min, max, encodeHistogram(all));
  });
}

export function anHour(checks: number): { histogram: Histogram; min: number; max: number } {
  const latencies = Array.from({ length: checks }, aLatency);
  const histogram: Histogram = new Map();
  for (const latency of latencies) recordLatency(histogram, latency);
  return { histogram, min: Math.min(...latencies), max: Math.max(...latencies) };
}

/** Flips with the evidence of a check that was tried four times, and the event of each. */
function fillFlips(database: DatabaseSync, start: number): void {
  const flip = database.prepare("INSERT INTO flips VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)");
  const event = database.prepare("INSERT INTO events (at, kind, key, body) VALUES (?, 'flip', ?, ?)");
  for (let seq = 1; seq <= FLIPS; seq++) {
    for (let id = 5_000; id < 5_000 + SERVICES; id++) {
      const at = start + seq * 3 * DAY_MS + id;
      const isDown = seq % 2 === 1;
      const attempt = (n: number) => ({
        at: new Date(at + n * 1_000).toISOString(),
        vantage: "home",
        ok: !isDown,
        latency_ms: isDown ? null : aLatency(),
        error: isDown ? "connect: connection refused" : null,
      });
      const evidence = Array.from({ length: isDown ? 4 : 1 }, (_, n) => attempt(n));
      const [from, to] = isDown ? ["up", "down"] : ["down", "up"];
      const reason = isDown ? "connect: connection refused" : "answers again";
      flip.run(id, seq, from, to, reason, at, at, JSON.stringify(evidence));
      const body = {
        project: "shop",
        service: `s${id}`,
        service_id: id,
        seq,
        from,
        to,
        reason,
        at: evidence[0]?.at,
        evidence,
      };
      event.run(at, `flip:${id}:${seq}`, JSON.stringify(body));
    }
  }
}
