/**
 * Merges the hourly rollups of days long gone into one row for each service and day. The sums stay exact. The row says
 * which hours it holds, so none is counted twice or lost, whatever ends in between, and however often it is done.
 */
import { sql } from "drizzle-orm";
import { decodeHistogram, encodeHistogram, type Histogram } from "../../core/values/histogram.ts";
import { type Db, jsonChunks, runBatch } from "../database.ts";
import { distinct, itemField, SENT_SUMS } from "../fragments.ts";
import { DAYS_MERGED_KEY, getMeta, setMeta } from "../meta.ts";
import { dailyRollups, rollups } from "../tables/hub-tables.ts";
import { DAY_MS, dayOf, hourBit } from "./days.ts";
import { HOUR_MS } from "./hours.ts";
import { type RollupMarks, rollupMarks } from "./rollup-marks.ts";
import { addSums, newSums } from "./sums.ts";

/**
 * Hours are kept for two months, so that this month can be compared with the last, hour by hour. Raw rounds are kept for
 * one month at most, so none is left of a day that is merged.
 */
const HOURS_KEPT_MS = 60 * DAY_MS;
/** Service days in one transaction: at most 12,000 rows are read and deleted, some 3 MB. D1 takes less than a second. */
const DAYS_AT_ONCE = 500;
/** Service days in one call: a day of 10,000 services takes five calls. */
const MAX_DAYS = 4 * DAYS_AT_ONCE;
/** Transactions in one call. Each takes five queries; D1 allows 1,000 in an invocation. */
const MAX_PARTS = 40;

type HourRow = typeof rollups.$inferSelect;
type DayRow = typeof dailyRollups.$inferSelect;

/**
 * Returns the time (Unix ms) before which days are merged: whole days, older than HOURS_KEPT_MS, of which no hour can
 * count again.
 */
export function daysBefore({ rawSince }: Pick<RollupMarks, "rawSince">, now: number): number {
  return Math.max(0, dayOf(Math.min(now - HOURS_KEPT_MS, rawSince)));
}

/** Whether `mergeDays` has not looked yet at all days that it may merge. `now`: Unix ms. */
export async function areDaysWaiting(db: Db, now: number): Promise<boolean> {
  const before = daysBefore(await rollupMarks(db, now), now);
  return before > 0 && (await getMeta(db, DAYS_MERGED_KEY)) !== before;
}

/**
 * Merges a limited number of service days, the oldest of each service first. It may be repeated, ended anywhere, or run
 * twice at once. `days`: how many; `more`: whether some may remain for the next call.
 */
export async function mergeDays(db: Db, now: number): Promise<{ days: number; more: boolean }> {
  const before = daysBefore(await rollupMarks(db, now), now);
  let days = 0;
  for (let part = 0; part < MAX_PARTS && days < MAX_DAYS; part++) {
    const found = await oldestDays(db, before);
    if (found.length === 0) {
      await setMeta(db, DAYS_MERGED_KEY, before);
      return { days, more: false };
    }
    await merge(db, found);
    days += found.length;
  }
  return { days, more: true };
}

interface ServiceDay {
  service_id: number;
  /** Unix ms of its start. */
  day: number;
}

/** Of some services that have hours before the time, each one's oldest day. */
async function oldestDays(db: Db, before: number): Promise<ServiceDay[]> {
  const rows = await db.all<{ service_id: number; hour: number }>(sql`
    ${distinct("rollups", "service_id")}
    SELECT known.value AS service_id, (SELECT min(hour) FROM rollups WHERE service_id = known.value) AS hour FROM known
    WHERE (SELECT min(hour) FROM rollups WHERE service_id = known.value) < ${before} LIMIT ${DAYS_AT_ONCE}`);
  return rows.map(({ service_id, hour }) => ({ service_id, day: dayOf(hour) }));
}

async function merge(db: Db, found: readonly ServiceDay[]): Promise<void> {
  const list = JSON.stringify(found);
  const [days, hours] = await Promise.all([mergedBefore(db, list), hoursOf(db, list)]);
  const key = ({ service_id, day }: ServiceDay) => `${service_id} ${day}`;
  const known = new Map(days.map((row) => [key(row), row]));
  const byDay = Map.groupBy(hours, ({ service_id, hour }) => key({ service_id, day: dayOf(hour) }));
  const records = found.map((each) => mergedDay(each, known.get(key(each)), byDay.get(key(each)) ?? []));
  // The hours go first: a database that is full has room for the days only then.
  await runBatch(
    db,
    jsonChunks(records).flatMap((json) => [deleteHours(db, json), upsertDays(db, json)]),
  );
}

async function mergedBefore(db: Db, list: string): Promise<DayRow[]> {
  return await db
    .select()
    .from(dailyRollups)
    .where(
      sql`(${dailyRollups.service_id}, ${dailyRollups.day}) IN
        (SELECT ${itemField("service_id")}, ${itemField("day")} FROM json_each(${list}) AS item)`,
    );
}

async function hoursOf(db: Db, list: string): Promise<HourRow[]> {
  return await db.all<HourRow>(sql`
    SELECT hours.service_id, hours.hour, hours.checks, hours.failures, hours.min, hours.max, hours.histogram
    FROM json_each(${list}) AS item CROSS JOIN rollups AS hours ON ${isInDay}`);
}

const isInDay = sql`hours.service_id = ${itemField("service_id")} AND hours.hour >= ${itemField("day")}
  AND hours.hour < (${itemField("day")}) + ${sql.raw(String(DAY_MS))}`;

/** An hour that the row has already is an older clock's, made again from what was left of its rounds: it adds nothing. */
function mergedDay({ service_id, day }: ServiceDay, known: DayRow | undefined, rows: readonly HourRow[]) {
  const before = known?.hours ?? 0;
  const sums = newSums();
  if (known !== undefined) addSums(sums, { ...known, histogram: readHistogram(known.histogram) });
  let hours = before;
  for (const row of rows) {
    if ((before & hourBit(row.hour)) !== 0) continue;
    hours |= hourBit(row.hour);
    addSums(sums, { ...row, histogram: readHistogram(row.histogram) });
  }
  return { service_id, day, before, hours, ...sums, histogram: encodeHistogram(sums.histogram) };
}

/** One that can't be read is empty: a damaged row must not hold up all others. */
function readHistogram(json: string): Histogram {
  try {
    return decodeHistogram(json);
  } catch {
    return new Map();
  }
}

/** Whether no other call has changed the day since it was read. */
const isAsRead = sql`coalesce((SELECT known.hours FROM daily_rollups AS known
  WHERE known.service_id = ${itemField("service_id")} AND known.day = ${itemField("day")}), 0) = ${itemField("before")}`;

function deleteHours(db: Db, json: string) {
  const bit = sql.raw(`(hours.hour - (item.value ->> 'day')) / ${HOUR_MS}`);
  return db.delete(rollups).where(sql`(${rollups.service_id}, ${rollups.hour}) IN (
    SELECT hours.service_id, hours.hour FROM json_each(${json}) AS item CROSS JOIN rollups AS hours ON ${isInDay}
    WHERE ${isAsRead} AND ((${itemField("hours")}) >> (${bit})) & 1)`);
}

function upsertDays(db: Db, json: string) {
  const names = ["service_id", "day", "hours", "checks", "failures", "min", "max", "histogram"];
  return db
    .insert(dailyRollups)
    .select(sql`SELECT ${sql.join(names.map(itemField), sql`, `)} FROM json_each(${json}) AS item WHERE ${isAsRead}`)
    .onConflictDoUpdate({
      target: [dailyRollups.service_id, dailyRollups.day],
      set: { hours: sql`excluded.hours`, ...SENT_SUMS },
    });
}
