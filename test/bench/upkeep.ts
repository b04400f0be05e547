/** What the hourly work costs: rollups and retention, done as if it were later. */
import { bytesOfRows, openHubDatabase } from "./database.ts";
import type { MeteredHub } from "./metered-hub.ts";
import { priceOfRows } from "./prices.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** By then the outcomes of an hour's last rounds are recorded. */
const ROLLED_UP_MS = 4 * 60_000;
const RAW_KEPT_MS = 49 * HOUR_MS;
const HOURS_KEPT_MS = 62 * DAY_MS;
const ALL_KEPT_MS = 732 * DAY_MS;

/** US dollars. */
export interface Upkeep {
  /** Rolling up one hour of one service, merging it into its day after two months, and deleting that two years later. */
  serviceHour: number;
  /** Deleting one raw round. */
  round: number;
  bytes: ReturnType<typeof bytesOfRows>;
}

/** The prices of the work, divided by what it did, as the database tells. Ends with an empty history. */
export async function measureUpkeep(hub: MeteredHub): Promise<Upkeep> {
  const nextHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS + HOUR_MS;
  const rolled = await keepHouse(hub, nextHour + ROLLED_UP_MS);
  const { rounds, rollups: hours } = countRows(hub);
  const bytes = bytesOfRows(hub.state);
  const raw = await keepHouse(hub, nextHour + RAW_KEPT_MS);
  const merged = await keepHouse(hub, nextHour + HOURS_KEPT_MS);
  const { rollups, daily_rollups: days } = countRows(hub);
  const forgotten = await keepHouse(hub, nextHour + ALL_KEPT_MS);
  if (hours === 0 || rounds === 0 || rollups > 0 || days === 0) throw new Error("the upkeep did not do what it must");
  // Here a day has one hour; in life 24 share the row of their day, which is written and deleted once.
  const aDay = (priceOfRows({ written: 2, read: 2 }) * days) / hours;
  return { serviceHour: (rolled + merged + forgotten) / hours - aDay * (1 - 1 / 24), round: raw / rounds, bytes };
}

/** Returns what it cost. */
async function keepHouse(hub: MeteredHub, now: number): Promise<number> {
  const before = await cronPrice(hub);
  await hub.keepHouse(now);
  return (await cronPrice(hub)) - before;
}

async function cronPrice(hub: MeteredHub): Promise<number> {
  return priceOfRows((await hub.counts()).database_rows.cron);
}

function countRows({ state }: MeteredHub): Record<"rounds" | "rollups" | "daily_rollups", number> {
  const database = openHubDatabase(state, { readOnly: true });
  const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  const rows = { rounds: count("rounds"), rollups: count("rollups"), daily_rollups: count("daily_rollups") };
  database.close();
  return rows;
}
