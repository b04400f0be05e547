/**
 * The history of a service for charts. It is read from hourly rollups, and from raw rounds for hours without rollups.
 */
import { and, eq, gte, inArray, lt } from "drizzle-orm";
import { decodeHistogram } from "../core/histogram.ts";
import { uptimes } from "../core/uptime.ts";
import type { Gap } from "../core/watch-gaps.ts";
import { type Buckets, chooseBuckets, DAY_MS } from "./buckets.ts";
import type { Db } from "./database.ts";
import { selectChanges, toChanges } from "./flips.ts";
import { HOUR_MS, hourOf } from "./hours.ts";
import { RAW_SINCE_KEY, ROLLUP_HOUR_KEY } from "./meta.ts";
import { type HistorySource, type RawCheck, rawChecks } from "./raw-checks.ts";
import { addCheck, addSums, type Latencies, latenciesOf, newSums, type Sums } from "./sums.ts";
import { meta, rollups } from "./tables.ts";

export { recentChecks } from "./raw-checks.ts";

/** Longer ranges are read from rollups, which have about a hundredth of the rows. */
const MAX_RAW_SPAN_MS = 2 * DAY_MS;

export interface HistoryPoint extends Latencies {
  /** Start of the bucket, ISO 8601 UTC. */
  at: string;
  /** Number of checks with a conclusive result, whether they passed or failed. */
  checks: number;
  failures: number;
  /** Exact, computed from flips; null: no status is known. */
  uptime: number | null;
  /** Milliseconds. */
  max: number | null;
}

/** Rollups exist for hours before `rolledUntil`. Raw rounds exist from `rawSince` on. Both in Unix ms. */
interface Extent {
  rolledUntil: number;
  rawSince: number;
}

/**
 * Returns at most `points` buckets of equal, round length that cover [from, to) (Unix ms). Buckets are at least an hour
 * long when the range starts before the oldest raw round. `unwatched`: when nobody watched the service.
 */
export async function historyPoints(
  db: Db,
  row: HistorySource,
  { from, to, points }: { from: number; to: number; points: number },
  unwatched: readonly Gap[],
): Promise<HistoryPoint[]> {
  const extent = await readExtent(db);
  const beyondRaw = to - from > MAX_RAW_SPAN_MS || (await hasRollups(db, row.id, hourOf(from), extent.rawSince));
  const buckets = chooseBuckets(from, to, points, beyondRaw ? HOUR_MS : 0);
  const { start, step, count } = buckets;
  const rolledUntil = step % HOUR_MS === 0 ? extent.rolledUntil : 0;
  // One request to the database for all three.
  const [hours, checks, rows] = await db.batch([
    ...selectBuckets(db, row, buckets, rolledUntil),
    selectChanges(db, row.id, start, to),
  ]);
  const sums = sumBuckets(buckets, hours, checks);
  const edges = Array.from({ length: count + 1 }, (_, i) => Math.min(start + i * step, to));
  const known = uptimes({ ...toChanges(rows, to), unwatched }, edges);
  return sums.map((sum, i) => ({
    at: new Date(start + i * step).toISOString(),
    checks: sum.checks,
    failures: sum.failures,
    uptime: known[i] ?? null,
    ...latenciesOf(sum),
    max: sum.max,
  }));
}

/** Percentiles of the checks in [from, to) (Unix ms). `from` is rounded down to the hour. */
export async function latencyPercentiles(db: Db, row: HistorySource, from: number, to: number): Promise<Latencies> {
  const { rolledUntil } = await readExtent(db);
  const start = hourOf(from);
  const bucket = { start, step: Math.max(1, to - start), count: 1 };
  const [hours, checks] = await db.batch(selectBuckets(db, row, bucket, rolledUntil));
  const [sums = newSums()] = sumBuckets(bucket, hours, checks);
  return latenciesOf(sums);
}

async function readExtent(db: Db): Promise<Extent> {
  const rows = await db
    .select()
    .from(meta)
    .where(inArray(meta.key, [ROLLUP_HOUR_KEY, RAW_SINCE_KEY]));
  const facts = new Map(rows.map(({ key, value }) => [key, Number(value)]));
  const hour = facts.get(ROLLUP_HOUR_KEY);
  const rawSince = facts.get(RAW_SINCE_KEY) ?? 0;
  // Late rounds make the rollup start again at an earlier hour, which may be older than the raw rounds.
  return { rolledUntil: hour === undefined ? rawSince : Math.max(hour + HOUR_MS, rawSince), rawSince };
}

async function hasRollups(db: Db, id: number, from: number, to: number): Promise<boolean> {
  if (from >= to) return false;
  return (
    (
      await db
        .select({ hour: rollups.hour })
        .from(rollups)
        .where(hoursOf(id, from, to))
        .limit(1)
    ).length > 0
  );
}

function hoursOf(id: number, from: number, to: number) {
  return and(eq(rollups.service_id, id), gte(rollups.hour, from), lt(rollups.hour, to));
}

type RollupRow = typeof rollups.$inferSelect;

/** The rollups of hours before `rolledUntil` (Unix ms), and the raw checks from then on. */
function selectBuckets(db: Db, row: HistorySource, { start, step, count }: Buckets, rolledUntil: number) {
  const end = start + count * step;
  const hours = hoursOf(row.id, start, Math.min(end, rolledUntil));
  return [db.select().from(rollups).where(hours), rawChecks(db, row, Math.max(start, rolledUntil), end)] as const;
}

function sumBuckets({ start, step, count }: Buckets, hours: readonly RollupRow[], checks: readonly RawCheck[]): Sums[] {
  const sums = Array.from({ length: count }, newSums);
  const sumAt = (time: number) => sums[Math.floor((time - start) / step)] ?? newSums();
  for (const { histogram, ...hour } of hours) {
    addSums(sumAt(hour.hour), { ...hour, histogram: decodeHistogram(histogram) });
  }
  for (const check of checks) addCheck(sumAt(check.due_at), check.verdict, check.latency_ms);
  return sums;
}
