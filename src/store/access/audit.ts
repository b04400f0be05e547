/** The audit log: who changed what through the API. */
import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { AuditAction, AuditEntry } from "../../core/hub/audit.ts";
import type { Db } from "../database.ts";
import { audit } from "../tables/hub-tables.ts";

const KEPT_MS = 365 * 86_400_000;

export interface AuditActor {
  /** The name of a key wins; this is for all others. */
  actor: string;
  key_id: number | null;
  address: string;
}

/** `now`: Unix ms. */
export async function writeAudit(
  db: Db,
  entries: readonly AuditEntry[],
  { actor, key_id, address }: AuditActor,
  now: number,
): Promise<void> {
  const name = sql<string>`coalesce((SELECT name FROM api_keys WHERE id = ${key_id}), ${actor})`;
  const values = entries.map((entry) => ({ ...entry, at: now, actor: name, key_id, address }));
  if (values.length > 0) await db.insert(audit).values(values);
}

export interface AuditFilter {
  action?: AuditAction | undefined;
  key_id?: number | undefined;
}

/** The newest first. `before`: an id. */
export async function listAudit(
  db: Db,
  { action, key_id }: AuditFilter,
  { limit, before }: { limit: number; before?: number | undefined },
) {
  const wanted = and(
    action === undefined ? undefined : eq(audit.action, action),
    key_id === undefined ? undefined : eq(audit.key_id, key_id),
    before === undefined ? undefined : lt(audit.id, before),
  );
  return await db.select().from(audit).where(wanted).orderBy(desc(audit.id)).limit(limit);
}

/** SQL that forgets at most `limit` entries older than a year. They are in the order of time. `now`: Unix ms. */
export function oldAudit(now: number, limit: number) {
  return sql`DELETE FROM audit WHERE id IN (
    SELECT id FROM (SELECT id, at FROM audit ORDER BY id LIMIT ${limit}) WHERE at < ${now - KEPT_MS})`;
}
