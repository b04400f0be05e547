/** Pauses: services that are disabled for a while and enabled again by the hub. Times in Unix ms. */
import { and, eq, inArray, lte, sql } from "drizzle-orm";
import type { ServiceChange } from "../core/registry-change.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { laterThan } from "./columns.ts";
import { type Db, idList } from "./database.ts";
import { getService, selectServices } from "./services.ts";
import { services } from "./tables.ts";

/** Returns undefined when there is no such service. A service that is disabled already stays so until then. */
export async function pauseService(db: Db, id: number, until: number, now: number): Promise<ServiceRow | undefined> {
  const later = laterThan(services.updated_at, now); // so that who has read the row before sees that it changed
  const wasEnabled = sql`CASE WHEN ${services.enabled} THEN 1 ELSE 0 END`;
  await db
    .update(services)
    .set({ enabled: false, paused_until: until, rev: sql`${services.rev} + ${wasEnabled}`, updated_at: later })
    .where(eq(services.id, id));
  return await getService(db, id);
}

/** Enables services whose pause is over, at most `limit`, and returns them as they were and as they are. */
export async function endPauses(db: Db, now: number, limit: number): Promise<ServiceChange[]> {
  const isOver = and(eq(services.enabled, false), lte(services.paused_until, now));
  const before = await selectServices(db, isOver).limit(limit);
  if (before.length === 0) return [];
  const these = inArray(services.id, idList(before.map(({ id }) => id)));
  const [, after] = await db.batch([
    db
      .update(services)
      .set({ enabled: true, paused_until: null, rev: sql`${services.rev} + 1`, updated_at: now })
      .where(and(these, isOver)),
    selectServices(db, these),
  ]);
  const known = new Map(after.map((row) => [row.id, row]));
  return before.flatMap((row) => {
    const changed = known.get(row.id);
    return changed === undefined ? [] : [{ before: row, after: changed }];
  });
}
