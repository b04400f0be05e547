/** The cron's work beside planning: hourly rollups and retention, in small parts each minute until nothing is left. */

import type { Settings } from "../core/settings.ts";
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { type Db, openDatabase } from "../store/database.ts";
import { applyRetention } from "../store/retention.ts";
import { rollupHours } from "../store/rollups.ts";

/** Minute of the hour in which retention runs. The rollups of the last hour are done by then. */
const RETENTION_MINUTE = 17;
/** A sweep deletes up to 400,000 rows of each kind. With the rollups this stays below D1's 1,000 queries an invocation. */
const MAX_SWEEPS = 3;

export async function maintain(tick: number, env: Bindings, settings: Settings): Promise<void> {
  const db = openDatabase(env.DB);
  try {
    await rollupHours(db, tick);
    if (new Date(tick).getUTCMinutes() === RETENTION_MINUTE) await sweep(db, tick, settings.RAW_RETENTION_HOURS);
  } catch (error) {
    log("error", "maintenance.failed", { error: errorText(error) });
  }
}

async function sweep(db: Db, tick: number, rawHours: number): Promise<void> {
  let deleted = 0;
  for (let i = 0; i < MAX_SWEEPS; i++) {
    const swept = await applyRetention(db, tick, rawHours);
    deleted += swept.deleted;
    if (!swept.more) {
      log("info", "retention.done", { deleted });
      return;
    }
  }
  log("warn", "retention.behind", { deleted });
}
