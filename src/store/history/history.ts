/**
 * The history of a service for charts. It is read from daily and hourly rollups, and from raw rounds for hours without
 * rollups.
 */
import { and, asc, desc, eq, gte, lt } from "drizzle-orm";
import type { Gap } from "../../core/downtime/downtime.ts";
import { uptimes } from "../../core/downtime/uptime.ts";
import { decodeHistogram } from "../../core/values/histogram.ts";
import type { Db } from "../database.ts";
import { dailyRollups, rollups } from "../tables/hub-tables.ts";
import { type Buckets, chooseBuckets, edgesOf } from "./buckets.ts";
import { daysBefore } from "./daily-rollups.ts";
import { DAY_MS, dayOf, hourBit, nextDayOf } from "./days.ts";
import { selectChanges, toChanges } from "./flips.ts";
import { HOUR_MS, hourOf, nextHourOf } from "./hours.ts";
import { type HistorySource, type RawCheck, rawChecks } from "./raw-checks.ts";
import { selectMarks, toRollupMarks } from "./rollup-marks.ts";
import { addCheck, addSums, type Latencies, latenciesOf, newSums, type Sums } from "./sums.ts";

export { recentChecks } from "./raw-checks.ts";

/** Longer ranges are read from rollups, which have about a hundredth of the rows. */
const MAX_RAW_SPAN_MS = 2 * DAY_MS;

export interface HistoryPoint extends Latencies {
  /** Start of the bucket or, if that is later, of the range; ISO 8601 UTC. */
  at: string;
  /** Number of checks with a conclusive result, whether they passed or failed. */
  checks: number;
  failures: number;
  /** Exact, computed from flips; null: no status is known. */
  uptime: number | null;
  /** Milliseconds. */
  max: number | null;
}

/** Unix ms, `to` exclusive. */
export interface TimeRange {
  from: number;
  to: number;
}

/** A range of which everything can be told, and where it is read from. Times in Unix ms. */
export interface CoveredRange extends TimeRange {
  /** Rollups exist for hours before this time. */
  rolledUntil: number;
  /** Shortest length of a bucket, ms: 0, an hour or a day. */
  shortest: number;
}

/**
 * Returns the range [from, to) (Unix ms). Where only rollups are left of the service's rounds, nothing is known of parts
 * of an hour, nor of parts of a day where those are merged or soon will be: then the range begins, and ends, with the
 * hour or the day. `now`: Unix ms.
 */
export async function coveredRange(
  db: Db,
  { id }: HistorySource,
  { from, to }: TimeRange,
  now: number,
): Promise<CoveredRange> {
  const first = from < daysBefore({ rawSince: now }, now) ? dayOf(from) : hourOf(from);
  const [rows, [oldest], [newestDay]] = await db.batch([
    selectMarks(db),
    db
      .select({ hour: rollups.hour })
      .from(rollups)
      .where(hoursOf(id, first, to))
      .orderBy(asc(rollups.hour))
      .limit(1),
    db
      .select({ day: dailyRollups.day })
      .from(dailyRollups)
      .where(daysOf(id, dayOf(from), to))
      .orderBy(desc(dailyRollups.day))
      .limit(1),
  ]);
  const { rolled, rawSince } = toRollupMarks(rows, now);
  // Late rounds make the rollup start again at an earlier hour, which may be older than the raw rounds.
  const rolledUntil = Math.max(rolled === undefined ? 0 : rolled + HOUR_MS, rawSince);
  const merged = newestDay === undefined ? 0 : newestDay.day + DAY_MS;
  const inDaysBefore = Math.max(daysBefore({ rawSince }, now), merged);
  if (merged > 0 || (oldest !== undefined && oldest.hour < inDaysBefore)) {
    const last = to < inDaysBefore ? nextDayOf(to) : to;
    return { from: dayOf(from), to: last < rawSince ? nextHourOf(last) : last, rolledUntil, shortest: DAY_MS };
  }
  if (oldest !== undefined && oldest.hour < rawSince) {
    return { from: hourOf(from), to: to < rawSince ? nextHourOf(to) : to, rolledUntil, shortest: HOUR_MS };
  }
  return { from, to, rolledUntil, shortest: to - from > MAX_RAW_SPAN_MS ? HOUR_MS : 0 };
}

/**
 * Returns at most `points` buckets of equal, round length that cover the range; the range cuts the first and the last.
 * `unwatched`: when nobody watched the service.
 */
export async function historyPoints(
  db: Db,
  row: HistorySource,
  range: CoveredRange,
  points: number,
  unwatched: readonly Gap[],
): Promise<HistoryPoint[]> {
  const { from, to } = range;
  const buckets = chooseBuckets(from, to, points, range.shortest);
  const changes = selectChanges(db, row.id, from, to);
  // One request to the database for all of them.
  const [days, hours, before, after, rows] = await db.batch([...selectSums(db, row, range, buckets.step), changes]);
  const sums = sumBuckets(buckets, days, hours, [...before, ...after]);
  const edges = edgesOf(buckets, from, to);
  const known = uptimes({ ...toChanges(rows, to), unwatched }, edges);
  return sums.map((sum, i) => ({
    at: new Date(edges[i] ?? from).toISOString(),
    checks: sum.checks,
    failures: sum.failures,
    uptime: known[i] ?? null,
    ...latenciesOf(sum),
    max: sum.max,
  }));
}

/** Percentiles of the checks in the range. */
export async function latencyPercentiles(db: Db, row: HistorySource, range: CoveredRange): Promise<Latencies> {
  const start = hourOf(range.from);
  const bucket = { start, step: Math.max(HOUR_MS, nextHourOf(range.to) - start), count: 1 };
  const [days, hours, before, after] = await db.batch(selectSums(db, row, range, bucket.step));
  const [sums = newSums()] = sumBuckets(bucket, days, hours, [...before, ...after]);
  return latenciesOf(sums);
}

function hoursOf(id: number, from: number, to: number) {
  return and(eq(rollups.service_id, id), gte(rollups.hour, from), lt(rollups.hour, to));
}

function daysOf(id: number, from: number, to: number) {
  return and(eq(dailyRollups.service_id, id), gte(dailyRollups.day, from), lt(dailyRollups.day, to));
}

type HourRow = typeof rollups.$inferSelect;
type DayRow = typeof dailyRollups.$inferSelect;

/**
 * The rollups of the whole days and hours in the range, when no bucket of this length cuts an hour, and the raw checks before and
 * after them.
 */
function selectSums(db: Db, row: HistorySource, { from, to, rolledUntil }: CoveredRange, step: number) {
  const end = step % HOUR_MS === 0 ? Math.min(hourOf(to), rolledUntil) : from;
  const first = Math.min(nextHourOf(from), Math.max(end, from));
  const last = Math.max(end, first);
  return [
    db
      .select()
      .from(dailyRollups)
      .where(daysOf(row.id, nextDayOf(from), dayOf(to))),
    db
      .select()
      .from(rollups)
      .where(hoursOf(row.id, first, last)),
    rawChecks(db, row, from, first),
    rawChecks(db, row, last, to),
  ] as const;
}

function sumBuckets(
  { start, step, count }: Buckets,
  days: readonly DayRow[],
  hours: readonly HourRow[],
  checks: readonly RawCheck[],
): Sums[] {
  const sums = Array.from({ length: count }, newSums);
  const sumAt = (time: number) => sums[Math.floor((time - start) / step)] ?? newSums();
  const merged = new Map(days.map((row) => [row.day, row.hours]));
  for (const { histogram, ...day } of days) {
    addSums(sumAt(day.day), { ...day, histogram: decodeHistogram(histogram) });
  }
  for (const { histogram, ...hour } of hours) {
    // Made again by a clock that was wrong, until the next merge.
    if (((merged.get(dayOf(hour.hour)) ?? 0) & hourBit(hour.hour)) !== 0) continue;
    addSums(sumAt(hour.hour), { ...hour, histogram: decodeHistogram(histogram) });
  }
  for (const check of checks) addCheck(sumAt(check.due_at), check.verdict, check.latency_ms);
  return sums;
}
