/** Copies of the services of other hubs. */
import { and, asc, eq, lt, type SQL, sql } from "drizzle-orm";
import type { PushedFlip, RemoteService, SyncPage } from "../../core/federation/federation.ts";
import type { Cursor } from "../../core/federation/replication.ts";
import { SERVICE_TYPES } from "../../core/service/records.ts";
import { type Db, idList, jsonChunks, runBatch } from "../database.ts";
import { itemField } from "../fragments.ts";
import { hubs, remoteServices } from "../tables/federation-tables.ts";

/** Only of a hub that is trusted: it may have been removed meanwhile. */
const isTrusted = (hubId: string): SQL =>
  sql`EXISTS (SELECT 1 FROM hubs WHERE hub_id = ${hubId} AND trust = 'approved')`;

/**
 * Takes in a page of another hub's registry, in one transaction with the cursor. `cursor`: after the page. `whole`: the
 * copy is complete, so what is of an earlier copy goes. Returns how many services of the hub are stored now.
 */
export async function takePage(
  db: Db,
  hubId: string,
  page: Pick<SyncPage, "services" | "deleted">,
  { cursor, whole }: { cursor: Cursor; whole: boolean },
): Promise<number> {
  const { copy } = cursor;
  const mine = eq(remoteServices.hub_id, hubId);
  const gone =
    page.deleted.length === 0 ? [] : [and(mine, sql`${remoteServices.service_id} IN ${idList(page.deleted)}`)];
  if (whole) gone.push(and(mine, lt(remoteServices.copy, copy)));
  await runBatch(db, [
    ...jsonChunks(page.services.map((service) => copied(service, hubId, copy))).map((json) => upsert(db, hubId, json)),
    ...gone.map((where) => db.delete(remoteServices).where(where)),
    db.update(hubs).set(cursor).where(eq(hubs.hub_id, hubId)),
    countServices(db, hubId),
  ]);
  const [row] = await db.select({ count: hubs.service_count }).from(hubs).where(eq(hubs.hub_id, hubId));
  return row?.count ?? 0;
}

/**
 * Takes in flips that another hub pushed. Those of services that the copy lacks come with the next page. `now`: Unix
 * ms.
 */
export async function takeFlips(db: Db, hubId: string, flips: readonly PushedFlip[], now: number): Promise<void> {
  const news = flips.map(({ service_id, seq, to, at }) => ({ service_id, seq, to, at: Date.parse(at) }));
  await runBatch(db, [
    ...jsonChunks(news).map((json) =>
      db
        .update(remoteServices)
        .set({
          pushed_status: itemField("to"),
          pushed_since: itemField("at"),
          pushed_seq: itemField("seq"),
          pushed_at: now,
        })
        .from(sql`json_each(${json}) AS item`)
        .where(
          sql`${remoteServices.hub_id} = ${hubId} AND ${remoteServices.service_id} = ${itemField("service_id")}
              AND ${remoteServices.flip_seq} < ${itemField("seq")}`,
        ),
    ),
    judgeServices(db, hubId),
  ]);
}

/**
 * Forgets what was pushed before `before` (Unix ms). By then the owner's registry has it, or never will: a flip may be
 * lost with a database that is restored.
 */
export async function forgetPushes(db: Db, hubId: string, before: number): Promise<void> {
  const forgotten = await db
    .update(remoteServices)
    .set({ pushed_status: null, pushed_since: null, pushed_seq: 0, pushed_at: null })
    .where(and(eq(remoteServices.hub_id, hubId), lt(remoteServices.pushed_at, before)))
    .returning({ id: remoteServices.service_id });
  if (forgotten.length > 0) await judgeServices(db, hubId);
}

/** The copied services with these ids, as they are before something new is taken in. */
export async function copiesOf(db: Db, hubId: string, ids: readonly number[]) {
  const { service_id, project, name, status, flip_seq } = remoteServices;
  return await db
    .select({ service_id, project, name, status, flip_seq })
    .from(remoteServices)
    .where(and(eq(remoteServices.hub_id, hubId), sql`${remoteServices.service_id} IN ${idList(ids)}`));
}

/** All copied services of a hub, by id. */
export async function copiedServices(db: Db, hubId: string) {
  return await db
    .select()
    .from(remoteServices)
    .where(eq(remoteServices.hub_id, hubId))
    .orderBy(asc(remoteServices.service_id));
}

function copied(service: RemoteService, hub_id: string, copy: number) {
  const { id, type, status, status_since, flip_seq, ...rest } = service;
  return {
    ...rest,
    hub_id,
    copy,
    service_id: id,
    service_type: SERVICE_TYPES.find((known) => known === type) ?? "other",
    pulled_status: status,
    pulled_since: Date.parse(status_since),
    pulled_seq: flip_seq,
    pushed_seq: 0,
    tags: JSON.stringify(rest.tags),
    capabilities: JSON.stringify(rest.capabilities),
    metadata: JSON.stringify(rest.metadata),
    depends_on: JSON.stringify(rest.depends_on),
  };
}

const COLUMNS = [
  "hub_id",
  "service_id",
  "copy",
  "project",
  "name",
  "service_type",
  "version",
  "address",
  "port",
  "tags",
  "capabilities",
  "metadata",
  "depends_on",
  "latency_ms",
  "pulled_status",
  "pulled_since",
  "pulled_seq",
] as const;
const PUSHED_COLUMNS = ["pushed_status", "pushed_since", "pushed_seq", "pushed_at"] as const;

function upsert(db: Db, hubId: string, json: string) {
  const columns = [...COLUMNS, ...PUSHED_COLUMNS].map(itemField);
  const set = COLUMNS.slice(2).map((name) => [name, sql.raw(`excluded.${name}`)]);
  return db
    .insert(remoteServices)
    .select(sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${json}) AS item WHERE ${isTrusted(hubId)}`)
    .onConflictDoUpdate({
      target: [remoteServices.hub_id, remoteServices.service_id],
      set: Object.fromEntries(set),
    });
}

/** Keeps the number of services and their health beside the hub. */
function countServices(db: Db, hubId: string) {
  const service_count = sql`(SELECT count(*) FROM remote_services WHERE hub_id = ${hubId})`;
  return db
    .update(hubs)
    .set({ service_count, overall_status: overallStatus(hubId) })
    .where(eq(hubs.hub_id, hubId));
}

/** The same when only statuses have changed: a copy may have 20,000 services, and a flip must not count them. */
function judgeServices(db: Db, hubId: string) {
  return db
    .update(hubs)
    .set({ overall_status: overallStatus(hubId) })
    .where(eq(hubs.hub_id, hubId));
}

/** The worst status decides, as in core/health. */
function overallStatus(hubId: string): SQL {
  const has = (status: SQL) => sql`EXISTS (SELECT 1 FROM remote_services WHERE hub_id = ${hubId} AND ${status})`;
  return sql`CASE
    WHEN ${has(sql`status = 'down'`)} THEN 'unhealthy' WHEN ${has(sql`status = 'degraded'`)} THEN 'degraded'
    WHEN ${has(sql`status = 'unknown'`)} OR NOT ${has(sql`TRUE`)} THEN 'unknown' ELSE 'healthy' END`;
}
