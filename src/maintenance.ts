/** What the cron does beside planning: hourly rollups and retention, a little each minute until nothing is left. */
import type { Bindings } from "./bindings.ts";
import type { Settings } from "./env.ts";
import { errorText, log } from "./log.ts";
import { openDatabase } from "./store/database.ts";
import { applyRetention } from "./store/retention.ts";
import { rollupHours } from "./store/rollups.ts";

/** Retention runs in this minute of each hour, away from the rollups of the hour that just ended. */
const RETENTION_MINUTE = 17;

export async function maintain(tick: number, env: Bindings, settings: Settings): Promise<void> {
  const db = openDatabase(env.DB);
  try {
    await rollupHours(db, tick);
    if (new Date(tick).getUTCMinutes() === RETENTION_MINUTE)
      await applyRetention(db, tick, settings.RAW_RETENTION_HOURS);
  } catch (error) {
    log("error", "maintenance.failed", { error: errorText(error) });
  }
}
