/** The troubles of the hub itself, as it last looked. Each change is an event of the log (migrations/0017_troubles.sql). */
import { sql } from "drizzle-orm";
import type { Trouble } from "../core/hub/hub-health.ts";
import { type Db, jsonChunks, runBatch } from "./database.ts";
import { itemField } from "./fragments.ts";
import { troubles } from "./tables/hub-tables.ts";

/** Replaces what is stored; writes only what has changed. `now`: Unix ms. */
export async function noteTroubles(db: Db, found: readonly Trouble[], now: number): Promise<void> {
  const names = JSON.stringify(found.map(({ name }) => name));
  await runBatch(db, [
    ...jsonChunks(found).map((json) => upsertTroubles(db, json, now)),
    db.delete(troubles).where(sql`${troubles.name} NOT IN (SELECT value FROM json_each(${names}))`),
  ]);
}

function upsertTroubles(db: Db, json: string, now: number) {
  return db
    .insert(troubles)
    .select(
      sql`SELECT ${itemField("name")}, ${itemField("status")}, ${now}, ${itemField("output")}
          FROM json_each(${json}) AS item WHERE TRUE`,
    )
    .onConflictDoUpdate({
      target: troubles.name,
      set: { status: sql`excluded.status`, since: sql`excluded.since`, output: sql`excluded.output` },
      setWhere: sql`${troubles.status} <> excluded.status`,
    });
}
