/**
 * How far the rollups have come. A rollup claims its hours before it reads them; a round that is recorded late lowers
 * the claim and the mark in its own batch. So a round is read by the rollup, or makes its hour count again.
 */
import { inArray, sql } from "drizzle-orm";
import type { Db } from "../database.ts";
import { RAW_SINCE_KEY, ROLLING_KEY, ROLLUP_HOUR_KEY } from "../meta.ts";
import { meta } from "../tables/hub-tables.ts";
import { HOUR_MS } from "./hours.ts";

export interface RollupMarks {
  /** The newest hour that is rolled up, Unix ms; undefined: none, or not that one can know. */
  rolled: number | undefined;
  /** Raw rounds exist from this time on, Unix ms. */
  rawSince: number;
}

/** Marks of hours that have not ended by `now` (Unix ms) were set by a clock that was ahead, so they count for nothing. */
export async function rollupMarks(db: Db, now: number): Promise<RollupMarks> {
  return toRollupMarks(await selectMarks(db), now);
}

/** The query of `rollupMarks`, for a batch with others. */
export function selectMarks(db: Db) {
  return db
    .select()
    .from(meta)
    .where(inArray(meta.key, [ROLLUP_HOUR_KEY, RAW_SINCE_KEY]));
}

/** Makes of the query's rows what `rollupMarks` returns. */
export function toRollupMarks(rows: Awaited<ReturnType<typeof selectMarks>>, now: number): RollupMarks {
  const marks = new Map(rows.map(({ key, value }) => [key, Number(value)]));
  const rolled = marks.get(ROLLUP_HOUR_KEY);
  const rawSince = marks.get(RAW_SINCE_KEY) ?? 0;
  return {
    rolled: rolled !== undefined && rolled + HOUR_MS <= now ? rolled : undefined,
    rawSince: rawSince <= now ? rawSince : 0,
  };
}

/** Claims all hours up to `hour` (Unix ms), and then reads the marks. `token`: names the claim. */
export async function claimRollup(db: Db, hour: number, token: string, now: number): Promise<RollupMarks> {
  const claim = sql`json_array(CAST(${hour} AS INTEGER), ${token})`;
  const [, rows] = await db.batch([
    db
      .insert(meta)
      .values({ key: ROLLING_KEY, value: claim })
      .onConflictDoUpdate({ target: meta.key, set: { value: claim } }),
    selectMarks(db),
  ]);
  return toRollupMarks(rows, now);
}

/** Notes that the hours up to `hour` (Unix ms) are rolled up, as far as the claim still reaches. */
export async function endRollup(db: Db, hour: number, token: string): Promise<void> {
  await db.run(sql`
    INSERT INTO meta (key, value)
    SELECT ${ROLLUP_HOUR_KEY}, CAST(min(${hour}, value ->> 0) AS INTEGER) FROM meta
    WHERE key = ${ROLLING_KEY} AND value ->> 1 = ${token}
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`);
}

/** Returns the statements after which only hours up to `hour` (Unix ms) count as rolled up, and none later is claimed. */
export function lowerRollups(db: Db, hour: number) {
  const isLater = sql`key = ${ROLLUP_HOUR_KEY} AND CAST(value AS INTEGER) > ${hour}`;
  const isClaimed = sql`key = ${ROLLING_KEY} AND value ->> 0 > ${hour}`;
  return [
    db
      .update(meta)
      .set({ value: sql`CAST(${hour} AS INTEGER)` })
      .where(isLater),
    db
      .update(meta)
      .set({ value: sql`json_set(value, '$[0]', CAST(${hour} AS INTEGER))` })
      .where(isClaimed),
  ];
}
