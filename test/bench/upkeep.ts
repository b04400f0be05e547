/** What the hourly work costs: rollups and retention, run by ticks of the cron that stand for later times. */
import { bytesOfRows, openHubDatabase } from "./database.ts";
import type { MeteredHub } from "./metered-hub.ts";
import { priceOfRows } from "./prices.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Retention runs in this minute of an hour. */
const RETENTION_MINUTE_MS = 17 * 60_000;
const RAW_KEPT_MS = 48 * HOUR_MS;
const ALL_KEPT_MS = 730 * DAY_MS;

/** US dollars. */
export interface Upkeep {
  /** Rolling up one hour of one service, and deleting it two years later. */
  serviceHour: number;
  /** Deleting one raw round. */
  round: number;
  bytes: ReturnType<typeof bytesOfRows>;
}

/** The prices of the ticks, divided by what they did, as the database tells. Ends with an empty history. */
export async function measureUpkeep(hub: MeteredHub): Promise<Upkeep> {
  const thisHour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const nextHour = thisHour + HOUR_MS;
  const rolled = await pricedTick(hub, "rollups", nextHour + 4 * 60_000);
  const bytes = bytesOfRows(hub.state);
  const rounds = await pricedTick(hub, "rounds", nextHour + RAW_KEPT_MS + RETENTION_MINUTE_MS);
  const forgotten = await pricedTick(hub, "rollups", nextHour + ALL_KEPT_MS + HOUR_MS + RETENTION_MINUTE_MS);
  return { serviceHour: rolled + forgotten, round: rounds, bytes };
}

/** Dollars for each row that came to or went from the table. Of the cron's work planning is included, a few reads. */
async function pricedTick(hub: MeteredHub, table: "rollups" | "rounds", at: number): Promise<number> {
  const rows = { before: countRows(hub, table), price: await cronPrice(hub) };
  await hub.tick(at);
  const settled = await cronPriceAtRest(hub);
  const moved = Math.abs(countRows(hub, table) - rows.before);
  if (moved === 0) throw new Error(`the cron did nothing to the ${table}`);
  return (settled - rows.price) / moved;
}

async function cronPrice(hub: MeteredHub): Promise<number> {
  return priceOfRows((await hub.counts()).database_rows.cron);
}

/** The hub keeps house beside its plan and after the tick was answered. */
async function cronPriceAtRest(hub: MeteredHub): Promise<number> {
  for (let price = await cronPrice(hub); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const now = await cronPrice(hub);
    if (now === price) return price;
    price = now;
  }
}

function countRows({ state }: MeteredHub, table: "rollups" | "rounds"): number {
  const database = openHubDatabase(state, { readOnly: true });
  const count = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  database.close();
  return count;
}
