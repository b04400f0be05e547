/** Reads a running hub's database file beside it. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sleep } from "../processes/patience.ts";

/** Longer than it takes until a round is in the history. */
const SETTLE_MS = 8_000;
const SETTLE_LIMIT_MS = 45_000;
const LATE_MS = 1_000;
/** The other columns of a row of the history and its header. */
const KEY_BYTES = 40;

export interface ScheduledService {
  id: number;
  lane: number;
  /** The one that the benchmark gave it. */
  number: number;
}

/** The hub's D1 database as it lies in its state folder. */
export function openHubDatabase(state: string, options: { readOnly: boolean }): DatabaseSync {
  const folder = join(state, "v3/d1/miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (file === undefined) throw new Error(`no database in ${folder}`);
  const database = new DatabaseSync(join(folder, file), options);
  database.exec("PRAGMA busy_timeout = 5000");
  return database;
}

export function scheduledServices(state: string): ScheduledService[] {
  return read(state, "SELECT id, lane, CAST(substr(name, 2) AS INTEGER) AS number FROM services", (row) => ({
    id: Number(row.id),
    lane: Number(row.lane),
    number: Number(row.number),
  }));
}

/** Scheduled checks in the history whose rounds were due in the window. */
export function recordedChecks(state: string, { from, to }: { from: number; to: number }): number {
  const sums = read(
    state,
    `SELECT sum(json_array_length(results)) AS checks FROM rounds
     WHERE attempt = 0 AND due_at >= ${from} AND due_at < ${to}`,
    (row) => Number(row.checks),
  );
  return sums[0] ?? 0;
}

/** Rows of the history that began in the window. */
export function countRounds(state: string, { from, to }: { from: number; to: number }): number {
  const sql = `SELECT count(*) AS rounds FROM rounds WHERE started_at >= ${from} AND started_at < ${to}`;
  return read(state, sql, (row) => Number(row.rounds))[0] ?? 0;
}

/** Average bytes of a round of a lane with its key, and of a row of the hourly rollups. Pages are some per cent more. */
export function bytesOfRows(state: string): { round: number; rollup: number } {
  const sql = `SELECT
    (SELECT avg(length(CAST(results AS BLOB))) FROM rounds) + ${KEY_BYTES} AS round,
    (SELECT avg(length(CAST(histogram AS BLOB))) FROM rollups) + ${KEY_BYTES} AS rollup`;
  const [bytes] = read(state, sql, (row) => ({ round: Number(row.round), rollup: Number(row.rollup) }));
  if (bytes === undefined) throw new Error("the history is empty");
  return bytes;
}

/** Resolves when the hub has worked off what came all at once, or is too slow to: then it says so. */
export async function settled(state: string, progress: (line: string) => void): Promise<void> {
  for (const deadline = Date.now() + SETTLE_LIMIT_MS; Date.now() < deadline; ) {
    const since = Date.now();
    await sleep(SETTLE_MS);
    const sql = `SELECT count(*) AS rounds, max(started_at - due_at) AS late FROM rounds
      WHERE attempt = 0 AND started_at >= ${since}`;
    if (read(state, sql, (row) => Number(row.rounds) > 0 && Number(row.late) < LATE_MS)[0]) return;
  }
  progress("the hub is still behind: this machine is too busy for it");
}

function read<T>(state: string, sql: string, toValue: (row: Record<string, unknown>) => T): T[] {
  const database = openHubDatabase(state, { readOnly: true });
  try {
    return database.prepare(sql).all().map(toValue);
  } finally {
    database.close();
  }
}
