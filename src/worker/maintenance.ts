/** The cron's work beside planning: pauses that end, rollups of hours and days, and retention, in small parts each minute until nothing is left. */

import { registryChange } from "../core/board/registry-change.ts";
import { CONTAINERS_KEPT_MS } from "../core/time/durations.ts";
import { isSettled, isSteady } from "../core/time/steady-clock.ts";
import { errorText, log } from "../platform/log.ts";
import { type Db, openDatabase } from "../store/database.ts";
import { noteSize } from "../store/database-size.ts";
import { areDaysWaiting, mergeDays } from "../store/history/daily-rollups.ts";
import { applyRetention } from "../store/history/retention.ts";
import { rollupHours } from "../store/history/rollups.ts";
import { clockRun, noteClock } from "../store/meta.ts";
import { deleteGoneContainers } from "../store/registry/agents.ts";
import { correctPauses, endPauses, isAnyOver } from "../store/registry/pauses.ts";
import { readUpTo } from "./history.ts";
import type { Hub } from "./hub.ts";
import { followChange } from "./registry.ts";

/** Minute of the hour in which retention runs, when the clock has gone evenly for a day. The rollups of the last hour are done by then. */
const RETENTION_MINUTE = 17;
/** A sweep deletes up to 400,000 rows of each kind. With the rollups this stays below D1's 1,000 queries an invocation. */
const MAX_SWEEPS = 3;
const MAX_FORGOTTEN = 200;
/** Pauses that end in one minute; the others end in the next. */
const MAX_RESUMED = 500;

export async function maintain(tick: number, hub: Hub): Promise<void> {
  const db = openDatabase(hub.env.DB, null);
  await attempt("pauses", () => resume(db, tick, hub));
  await attempt("rollups", () => rollupHours(db, tick));
  if (new Date(tick).getUTCMinutes() === RETENTION_MINUTE) {
    await attempt("retention", () => keepHouse(db, tick, hub));
  } else {
    await attempt("days", () => mergeOldDays(db, tick));
  }
}

/** A step that fails stops no other: a database that is full takes no rollups, but lets rows be deleted. */
async function attempt(work: string, run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    log("error", "maintenance.failed", { work, error: errorText(error) });
  }
}

async function keepHouse(db: Db, tick: number, hub: Hub): Promise<void> {
  if (!isSteady(await noteClock(db, tick))) return;
  await sweep(db, tick, hub);
  await forgetContainers(db, tick, hub);
  await noteSize(db, tick);
}

async function mergeOldDays(db: Db, tick: number): Promise<void> {
  if (!(await areDaysWaiting(db, tick)) || !isSteady(await clockRun(db, tick))) return;
  const merged = await mergeDays(db, tick);
  if (merged.days > 0) log("info", "days.merged", { ...merged });
}

async function resume(db: Db, tick: number, hub: Hub): Promise<void> {
  await correctPauses(db, tick);
  if (!(await isAnyOver(db, tick)) || !isSettled(await noteClock(db, tick))) return;
  const changes = await endPauses(db, tick, MAX_RESUMED);
  const change = registryChange(changes);
  if (change === null) return;
  await followChange(change, hub);
  log("info", "pauses.ended", { services: changes.length });
}

/** Each start of a container may bring a new name, so those that are long gone don't stay for ever. */
async function forgetContainers(db: Db, tick: number, hub: Hub): Promise<void> {
  const gone = await deleteGoneContainers(db, tick - CONTAINERS_KEPT_MS, MAX_FORGOTTEN);
  const change = registryChange(gone.map((before) => ({ before, after: null })));
  if (change === null) return;
  await followChange(change, hub);
  log("info", "containers.forgotten", { services: gone.length });
}

async function sweep(db: Db, tick: number, hub: Hub): Promise<void> {
  const rawHours = hub.settings.RAW_RETENTION_HOURS;
  const read = await eventsRead(hub);
  let deleted = 0;
  for (let i = 0; i < MAX_SWEEPS; i++) {
    const swept = await applyRetention(db, tick, rawHours, read);
    deleted += swept.deleted;
    if (!swept.more) {
      log("info", "retention.done", { deleted });
      return;
    }
  }
  log("warn", "retention.behind", { deleted });
}

/** While a reader of the log does not answer, no event is forgotten. */
async function eventsRead(hub: Hub): Promise<number> {
  try {
    return await readUpTo(hub);
  } catch (error) {
    log("warn", "retention.reader_away", { error: errorText(error) });
    return 0;
  }
}
