/**
 * Small values that the hub stores about itself, as JSON by key. Deployed hubs have these keys, so the keys stay as
 * they are.
 */
import { eq } from "drizzle-orm";
import { type ClockRun, clockRunAt, readClockRun } from "../core/time/steady-clock.ts";
import type { Db } from "./database.ts";
import { meta } from "./tables/hub-tables.ts";

/** The newest hour that is rolled up: Unix ms of its start. */
export const ROLLUP_HOUR_KEY = "rollup_hour";
/** The hours that a rollup reads at this moment: Unix ms of the newest one's start, and the token of the rollup. */
export const ROLLING_KEY = "rolling";
/** Raw rounds that were due before this time are deleted, Unix ms. */
export const RAW_SINCE_KEY = "raw_since";
/** When it last looked, the hub merged all hours before this time into days, Unix ms. */
export const DAYS_MERGED_KEY = "days_merged";
/** The size of the database, once a day: [Unix ms, bytes], the oldest first. */
export const SIZES_KEY = "sizes";

/** Since when the hub's clock has gone evenly. */
const CLOCK_RUN_KEY = "clock_run";

/** Looks at the clock (Unix ms). Returns since when it has gone evenly. */
export async function noteClock(db: Db, now: number): Promise<ClockRun> {
  const run = await clockRun(db, now);
  await setMeta(db, CLOCK_RUN_KEY, run);
  return run;
}

/** As `noteClock`, but keeps nothing of this look. */
export async function clockRun(db: Db, now: number): Promise<ClockRun> {
  return clockRunAt(readClockRun(await getMeta(db, CLOCK_RUN_KEY)), now);
}

/** Returns undefined when the key was never set. The caller must parse the value. */
export async function getMeta(db: Db, key: string): Promise<unknown> {
  const [row] = await db.select({ value: meta.value }).from(meta).where(eq(meta.key, key));
  return row === undefined ? undefined : JSON.parse(row.value);
}

export async function setMeta(db: Db, key: string, value: unknown): Promise<void> {
  const json = JSON.stringify(value);
  await db
    .insert(meta)
    .values({ key, value: json })
    .onConflictDoUpdate({ target: meta.key, set: { value: json } });
}
