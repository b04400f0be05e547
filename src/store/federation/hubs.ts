/** The other hubs that this hub knows. */
import { and, asc, desc, eq, inArray, lt, ne, sql } from "drizzle-orm";
import type { HubDocument, HubSource, KnownKey, Trust } from "../../core/federation/federation.ts";
import type { Cursor } from "../../core/federation/replication.ts";
import type { Status } from "../../core/service/records.ts";
import type { MonitorState } from "../../core/status/monitor-state.ts";
import type { Flip } from "../../core/status/recorded-flip.ts";
import type { Db } from "../database.ts";
import { type HubRow, hubFlips, hubs, remoteServices } from "../tables/federation-tables.ts";

export async function listHubs(db: Db, trust?: readonly Trust[]): Promise<HubRow[]> {
  const wanted = trust === undefined ? ne(hubs.trust, "removed") : inArray(hubs.trust, [...trust]);
  return await db.select().from(hubs).where(wanted).orderBy(asc(hubs.hub_id));
}

export async function getHub(db: Db, hubId: string): Promise<HubRow | undefined> {
  return (await db.select().from(hubs).where(eq(hubs.hub_id, hubId)))[0];
}

/** Returns the hub that has used the key; undefined: none has. One that was removed counts as well: its key stays its own. */
export async function hubOfKey(db: Db, kid: string): Promise<HubRow | undefined> {
  const has = sql`EXISTS (
    SELECT 1 FROM json_each(${hubs.keys}) AS key
    WHERE key.value ->> 'kid' = ${kid} AND coalesce(key.value ->> 'used', 1) = 1)`;
  return (await db.select().from(hubs).where(has))[0];
}

/** Counts hubs that are registered, those of them that wait for approval, and of these those from the address. */
export async function countHubs(
  db: Db,
  address: string | null,
): Promise<{ all: number; pending: number; pending_here: number }> {
  const waits = sql`${hubs.trust} = 'pending'`;
  const [row] = await db
    .select({
      all: sql<number>`count(*)`,
      pending: sql<number>`coalesce(sum(${waits}), 0)`,
      pending_here: sql<number>`coalesce(sum(${waits} AND ${hubs.registered_from} IS ${address}), 0)`,
    })
    .from(hubs)
    .where(inArray(hubs.trust, ["approved", "pending"]));
  return row ?? { all: 0, pending: 0, pending_here: 0 };
}

/** Forgets hubs that have waited for an admin since before `before`, Unix ms. Returns their ids. */
export async function forgetPending(db: Db, before: number): Promise<string[]> {
  const forgotten = await db
    .delete(hubs)
    .where(and(eq(hubs.trust, "pending"), lt(hubs.created_at, before)))
    .returning({ hub_id: hubs.hub_id });
  return forgotten.map(({ hub_id }) => hub_id);
}

export interface SavedHub {
  source: HubSource;
  trust: Trust;
  known_kid: string;
  /** Those that count. */
  keys: KnownKey[];
  registered_from: string | null;
}

/** Adds the hub, or updates what its document says of it. `now`: Unix ms. */
export async function saveHub(
  db: Db,
  document: Omit<HubDocument, "keys">,
  fields: SavedHub,
  now: number,
): Promise<void> {
  const { hub_id, url, name, region, version, capabilities } = document;
  const told = { url, name, region, version, capabilities, updated_at: now };
  await db
    .insert(hubs)
    .values({ hub_id, ...told, ...fields, status_since: now, created_at: now, next_sync_at: now })
    .onConflictDoUpdate({ target: hubs.hub_id, set: { ...told, ...fields, next_sync_at: now } });
}

/** A hub that was only heard of on NATS. What is known of a registered hub stays. `now`: Unix ms. */
export async function saveHeardHub(
  db: Db,
  heard: { hub_id: string; overall_status: HubRow["overall_status"]; service_count: number },
  now: number,
): Promise<void> {
  const { hub_id, overall_status, service_count } = heard;
  const values = { overall_status, service_count, last_heard_at: now, updated_at: now };
  await db
    .insert(hubs)
    .values({ hub_id, source: "nats", trust: "heard", ...values, status_since: now, created_at: now })
    .onConflictDoUpdate({ target: hubs.hub_id, set: values, setWhere: eq(hubs.trust, "heard") });
}

/** Returns false when there is no such hub. */
export async function setTrust(db: Db, hubId: string, trust: Trust, now: number): Promise<boolean> {
  const rows = await db
    .update(hubs)
    .set({ trust, updated_at: now, next_sync_at: now })
    .where(eq(hubs.hub_id, hubId))
    .returning({ hub_id: hubs.hub_id });
  return rows.length > 0;
}

/**
 * Removes a hub and the copy of its services. `remember`: it is refused until an admin approves it again, also when it
 * knows the join token. Its keys stay with it, so that nobody else can be approved in its place.
 */
export async function removeHub(db: Db, hubId: string, remember: boolean, now: number): Promise<boolean> {
  const nothing: Partial<HubRow> = { epoch: null, revision: 0, head: 0, mark: null, copying: false };
  const [, removed] = await db.batch([
    db.delete(remoteServices).where(eq(remoteServices.hub_id, hubId)),
    remember
      ? db
          .update(hubs)
          .set({
            ...nothing,
            trust: "removed",
            service_count: 0,
            monitor: null,
            status: "unknown",
            last_heard_at: null,
            updated_at: now,
          })
          .where(eq(hubs.hub_id, hubId))
          .returning({ hub_id: hubs.hub_id })
      : db.delete(hubs).where(eq(hubs.hub_id, hubId)).returning({ hub_id: hubs.hub_id }),
    db.delete(hubFlips).where(eq(hubFlips.hub_id, hubId)),
  ]);
  return removed.length > 0;
}

export async function saveKeys(db: Db, hubId: string, keys: KnownKey[], now: number): Promise<void> {
  await db.update(hubs).set({ keys, updated_at: now }).where(eq(hubs.hub_id, hubId));
}

/** The hub has our key. */
export async function saveKnownKid(db: Db, hubId: string, kid: string): Promise<void> {
  await db.update(hubs).set({ known_kid: kid }).where(eq(hubs.hub_id, hubId));
}

export interface SyncResult {
  monitor: MonitorState;
  status: Status;
  status_since: number;
  error: string | null;
  latency_ms: number | null;
  /** null: it was not heard. */
  heard_at: number | null;
  next_sync_at: number;
  flip: Flip | null;
}

/** Stores how a pull went, with the flip that it made. */
export async function saveSync(db: Db, hubId: string, result: SyncResult): Promise<void> {
  const { flip, heard_at, latency_ms, ...state } = result;
  const heard = heard_at === null ? {} : { last_heard_at: heard_at, latency_ms };
  const update = db
    .update(hubs)
    .set({ ...state, ...heard })
    .where(eq(hubs.hub_id, hubId));
  if (flip === null) {
    await update;
    return;
  }
  const { seq, from, to, reason, evidence } = flip;
  const times = { at: Date.parse(flip.at), began_at: Date.parse(flip.began_at) };
  const values = { hub_id: hubId, seq, from_status: from, to_status: to, reason, ...times, evidence };
  await db.batch([update, db.insert(hubFlips).values(values).onConflictDoNothing()]);
}

export function cursorOf(row: HubRow): Cursor {
  const { epoch, revision, head, mark, copy, copying } = row;
  return { epoch, revision, head, mark, copy, copying };
}

/** The newest changes of status of other hubs, as this hub saw them. `since`: Unix ms. */
export async function listHubFlips(db: Db, since: number | undefined, limit: number) {
  const newer = since === undefined ? undefined : sql`${hubFlips.at} >= ${since}`;
  const rows = await db
    .select()
    .from(hubFlips)
    .where(and(newer))
    .orderBy(desc(hubFlips.at), desc(hubFlips.hub_id), desc(hubFlips.seq))
    .limit(limit);
  return rows.map(({ hub_id, seq, from_status: from, to_status: to, reason, at, began_at, evidence }) => ({
    hub_id,
    seq,
    from,
    to,
    reason,
    evidence,
    at: new Date(at).toISOString(),
    began_at: new Date(began_at).toISOString(),
  }));
}
