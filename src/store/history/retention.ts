/** Deletes rows that are too old and rows of deleted services. Each statement deletes a limited number of rows. */
import { type SQL, sql } from "drizzle-orm";
import { oldAudit } from "../access/audit.ts";
import { oldSessions } from "../access/sessions.ts";
import type { Db } from "../database.ts";
import { oldEvents } from "../events.ts";
import { distinct } from "../fragments.ts";
import { RAW_SINCE_KEY, ROLLUP_HOUR_KEY } from "../meta.ts";
import { forgetTombstones } from "../registry/registry-changes.ts";
import { DAY_MS } from "./days.ts";
import { HOUR_MS, hourOf } from "./hours.ts";
import { rollupMarks } from "./rollup-marks.ts";

const HISTORY_DAYS = 730;
/** Rows that one statement deletes at most. It then takes less than a second; D1 allows 30 s. */
const ROWS_AT_ONCE = 10_000;
/** Statements for each sweep and call. The next call deletes the rest. */
const MAX_STATEMENTS = 40;

/**
 * Runs once an hour. Keeps raw rounds for `rawHours` and until they are rolled up, flips and rollups for two years, and
 * events for 30 days and until all is read (`readUpTo`: the id of the last event that every reader has read, by default of any). Keeps the
 * newest flip of each service. `more`: whether rows remain for the next call.
 */
export async function applyRetention(
  db: Db,
  now: number,
  rawHours: number,
  readUpTo = Number.MAX_SAFE_INTEGER,
): Promise<{ deleted: number; more: boolean }> {
  const oldest = now - HISTORY_DAYS * DAY_MS;
  const sweeps = [
    oldRounds(await moveRawSince(db, now, rawHours)),
    oldFlips(oldest),
    oldRollups("rollups", "hour", oldest),
    oldRollups("daily_rollups", "day", oldest - DAY_MS), // until its last hour is too old
    orphans("flips", "seq"),
    orphans("rollups", "hour"),
    orphans("daily_rollups", "day"),
    oldEvents(now, ROWS_AT_ONCE, readUpTo),
    oldSessions(now, ROWS_AT_ONCE),
    oldAudit(now, ROWS_AT_ONCE),
    sql`DELETE FROM hub_flips WHERE (hub_id, seq) IN (
      SELECT hub_id, seq FROM hub_flips WHERE at < ${oldest} LIMIT ${ROWS_AT_ONCE})`,
  ];
  await forgetTombstones(db, now);
  let deleted = 0;
  let more = false;
  for (const statement of sweeps) {
    const swept = await sweep(db, statement);
    deleted += swept.deleted;
    more ||= swept.more;
  }
  return { deleted, more };
}

async function sweep(db: Db, statement: SQL): Promise<{ deleted: number; more: boolean }> {
  let deleted = 0;
  for (let i = 0; i < MAX_STATEMENTS; i++) {
    const { meta } = await db.run(statement);
    deleted += meta.changes;
    if (meta.changes < ROWS_AT_ONCE) return { deleted, more: false };
  }
  return { deleted, more: true };
}

/**
 * Moves the start of the raw rounds forward by whole hours, never back. So no hour is rolled up from only a part of its
 * rounds. A late round makes its hour count again, so the mark of the rollups must still be there when this is stored.
 */
async function moveRawSince(db: Db, now: number, rawHours: number): Promise<number> {
  const { rolled, rawSince } = await rollupMarks(db, now);
  const since = Math.min(hourOf(now - rawHours * HOUR_MS), rolled === undefined ? 0 : rolled + HOUR_MS);
  if (since <= rawSince) return rawSince;
  await db.run(sql`
    INSERT INTO meta (key, value)
    SELECT ${RAW_SINCE_KEY}, CAST(${since} AS INTEGER) FROM meta
    WHERE key = ${ROLLUP_HOUR_KEY} AND CAST(value AS INTEGER) >= ${since - HOUR_MS}
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
  return (await rollupMarks(db, now)).rawSince;
}

function oldRounds(before: number): SQL {
  return sql`DELETE FROM rounds WHERE (lane, due_at, attempt) IN (
    ${distinct("rounds", "lane")}
    SELECT old.lane, old.due_at, old.attempt FROM known
    CROSS JOIN rounds AS old ON old.lane = known.value AND old.due_at < ${before} LIMIT ${ROWS_AT_ONCE})`;
}

/** The newest flip is kept: it says which status the service has had since then. */
function oldFlips(before: number): SQL {
  return sql`DELETE FROM flips WHERE (service_id, seq) IN (
    SELECT old.service_id, old.seq FROM flips AS old
    WHERE old.at < ${before} AND old.seq < (SELECT max(seq) FROM flips WHERE service_id = old.service_id)
    LIMIT ${ROWS_AT_ONCE})`;
}

function oldRollups(table: "rollups" | "daily_rollups", key: "hour" | "day", before: number): SQL {
  const old = sql.raw(`old.${key}`);
  return sql`DELETE FROM ${sql.raw(table)} WHERE (service_id, ${sql.raw(key)}) IN (
    ${distinct(table, "service_id")}
    SELECT old.service_id, ${old} FROM known
    CROSS JOIN ${sql.raw(table)} AS old ON old.service_id = known.value AND ${old} < ${before} LIMIT ${ROWS_AT_ONCE})`;
}

function orphans(table: "flips" | "rollups" | "daily_rollups", key: "seq" | "hour" | "day"): SQL {
  const columns = sql.raw(`service_id, ${key}`);
  return sql`DELETE FROM ${sql.raw(table)} WHERE (${columns}) IN (
    ${distinct(table, "service_id")}
    SELECT ${columns} FROM known CROSS JOIN ${sql.raw(table)} AS old ON old.service_id = known.value
    WHERE NOT EXISTS (SELECT 1 FROM services WHERE services.id = known.value) LIMIT ${ROWS_AT_ONCE})`;
}
