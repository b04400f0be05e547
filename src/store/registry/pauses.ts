/** Pauses: services that are disabled for a while and enabled again by the hub. Times in Unix ms. */
import { and, eq, gt, inArray, isNotNull, lte, or, type SQL, sql } from "drizzle-orm";
import type { ServiceChange } from "../../core/board/registry-change.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { type Db, idList } from "../database.ts";
import { laterThan, timeOf } from "../tables/columns.ts";
import { services } from "../tables/hub-tables.ts";
import { getService, selectServices } from "./services.ts";

/** A row that was written this much later than now was written by a clock that was ahead. */
const CLOCK_SLACK_MS = 120_000;

/** Returns undefined when there is no such service. One that a person has disabled stays disabled for good. */
export async function pauseService(db: Db, id: number, until: number, now: number): Promise<ServiceRow | undefined> {
  const later = laterThan(services.updated_at, now); // so that who has read the row before sees that it changed
  const wasEnabled = sql`CASE WHEN ${services.enabled} THEN 1 ELSE 0 END`;
  const mayPause = or(eq(services.enabled, true), isNotNull(services.paused_until));
  await db
    .update(services)
    .set({ enabled: false, paused_until: until, rev: sql`${services.rev} + ${wasEnabled}`, updated_at: later })
    .where(and(eq(services.id, id), mayPause));
  return await getService(db, id);
}

/** Whether a pause is over. `now`: Unix ms. */
export async function isAnyOver(db: Db, now: number): Promise<boolean> {
  return (await db.select({ id: services.id }).from(services).where(isOver(now)).limit(1)).length > 0;
}

/** Makes pauses that began by a clock that was ahead as long as they were meant. */
export async function correctPauses(db: Db, now: number): Promise<void> {
  const left = sql`max(${services.paused_until} - ${timeOf(services.updated_at)}, 0)`;
  await db
    .update(services)
    .set({ paused_until: sql`${now} + ${left}`, updated_at: now })
    .where(and(gt(services.paused_until, now), gt(timeOf(services.updated_at), now + CLOCK_SLACK_MS)));
}

/** Enables services whose pause is over, at most `limit`, and returns them as they were and as they are. */
export async function endPauses(db: Db, now: number, limit: number): Promise<ServiceChange[]> {
  // By the index of pauses; for the order of ids alone SQLite would read all services.
  const over = db.select({ id: services.id }).from(services).where(isOver(now)).limit(limit);
  const before = await selectServices(db, inArray(services.id, over));
  if (before.length === 0) return [];
  const these = inArray(services.id, idList(before.map(({ id }) => id)));
  const [, after] = await db.batch([
    db
      .update(services)
      .set({ enabled: true, paused_until: null, rev: sql`${services.rev} + 1`, updated_at: now })
      .where(and(these, isOver(now))),
    selectServices(db, these),
  ]);
  const known = new Map(after.map((row) => [row.id, row]));
  return before.flatMap((row) => {
    const changed = known.get(row.id);
    return changed === undefined ? [] : [{ before: row, after: changed }];
  });
}

function isOver(now: number): SQL | undefined {
  return and(eq(services.enabled, false), lte(services.paused_until, now));
}
