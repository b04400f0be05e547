/** The part of this hub's registry that other hubs may know: its revision, and the services that changed since a revision. */
import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import type { ChangedService } from "../../core/board/registry-change.ts";
import { isWatched } from "../../core/board/service-view.ts";
import { PAGE_SERVICES } from "../../core/federation/federation.ts";
import { type PageStart, type RegistryState, type SyncQuery, startOfPage } from "../../core/federation/replication.ts";
import { epochBegan, epochOrder, nextEpoch } from "../../core/service/epoch.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import type { Db } from "../database.ts";
import { hubs, registry, registryMarks, serviceRevisions } from "../tables/federation-tables.ts";
import { services } from "../tables/hub-tables.ts";
import { selectServices } from "./services.ts";

/** Other hubs that were away for longer get a full copy. */
export const TOMBSTONE_DAYS = 7;
/** Of an epoch, after its time. */
const RANDOM_DIGITS = 8;

export interface ChangedServices {
  registry: RegistryState;
  /** In the order of their revisions. */
  changes: ChangedService[];
  /** Whether there are more changes than these. */
  more: boolean;
}

/**
 * Decides how to answer another hub. Begins an epoch when it finds that the database was restored, at most one in
 * `epochGap` (milliseconds). `now`: Unix ms.
 */
export async function beginSync(
  db: Db,
  asked: SyncQuery,
  now: number,
  epochGap = 0,
): Promise<Exclude<PageStart, { kind: "reborn" }>> {
  const [states, marks] = await db.batch([
    db.select().from(registry),
    db.select().from(registryMarks).where(eq(registryMarks.revision, asked.head)),
  ]);
  const { epoch } = stateOf(states);
  const start = startOfPage(asked, stateOf(states), marks[0]?.mark === asked.mark && asked.mark !== null);
  if (start.kind !== "reborn") return start;
  if (Math.abs(now - (epochBegan(epoch) ?? 0)) >= epochGap) await newEpoch(db, epoch, now);
  return { kind: "page", full: true, since: 0 };
}

/**
 * Like beginSync, for the hub's own board, which can be trusted: when it has seen a later epoch than the database has,
 * the database was restored from a backup of before.
 */
export async function beginFollow(db: Db, asked: SyncQuery, now: number): ReturnType<typeof beginSync> {
  const { epoch } = await registryState(db);
  if (asked.epoch !== null && epochOrder(epoch, asked.epoch) === "older") await newEpoch(db, asked.epoch, now);
  return await beginSync(db, asked, now);
}

/** Reads one page of changes as they are at one moment. `limit`: number of services on a page. */
export async function changedServices(db: Db, since: number, limit: number): Promise<ChangedServices> {
  const newer = db
    .select({ id: serviceRevisions.service_id })
    .from(serviceRevisions)
    .where(gt(serviceRevisions.revision, since))
    .orderBy(asc(serviceRevisions.revision))
    .limit(limit);
  const [states, revisions, rows] = await db.batch([
    db.select().from(registry),
    db
      .select()
      .from(serviceRevisions)
      .where(gt(serviceRevisions.revision, since))
      .orderBy(asc(serviceRevisions.revision))
      .limit(limit + 1),
    selectServices(db, sql`${services.id} IN ${newer}`),
  ]);
  return {
    registry: stateOf(states),
    changes: toChanges(revisions.slice(0, limit), rows),
    more: revisions.length > limit,
  };
}

/** How these services stand, in the order of their revisions. */
export async function changesOf(db: Db, ids: readonly number[]): Promise<ChangedService[]> {
  const asked = sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
  const [revisions, rows] = await db.batch([
    db
      .select()
      .from(serviceRevisions)
      .where(sql`${serviceRevisions.service_id} IN ${asked}`)
      .orderBy(asc(serviceRevisions.revision)),
    selectServices(db, sql`${services.id} IN ${asked}`),
  ]);
  return toChanges(revisions, rows);
}

function toChanges(revisions: (typeof serviceRevisions.$inferSelect)[], rows: ServiceRow[]): ChangedService[] {
  const existing = new Map(rows.map((row) => [row.id, row]));
  return revisions.map(({ service_id, revision, deleted_at, lane, rev }) => ({
    service_id,
    revision,
    row: existing.get(service_id) ?? null,
    at: existing.get(service_id)?.updated_at ?? deleted_at ?? 0,
    left: lane === null || rev === null ? null : { lane, rev },
  }));
}

/** A page for another hub: only services that are watched, and the hubs that this hub trusts. */
export async function changesSince(db: Db, since: number, limit = PAGE_SERVICES) {
  const [page, known] = await Promise.all([
    changedServices(db, since, limit),
    db.select({ hub_id: hubs.hub_id, url: hubs.url }).from(hubs).where(eq(hubs.trust, "approved")),
  ]);
  return {
    ...page,
    changes: page.changes.map(({ service_id, revision, row }) => ({
      service_id,
      revision,
      row: row !== null && isWatched(row) ? row : null,
    })),
    hubs: known.flatMap(({ hub_id, url }) => (url === null ? [] : [{ hub_id, url }])),
  };
}

/** Returns the mark of a revision, a new one when nobody has been brought up to it yet. `now`: Unix ms. */
export async function markOf(db: Db, revision: number, now: number): Promise<string> {
  const mark = crypto.randomUUID().slice(0, 18);
  const [, rows] = await db.batch([
    db.insert(registryMarks).values({ revision, mark, at: now }).onConflictDoNothing(),
    db.select().from(registryMarks).where(eq(registryMarks.revision, revision)),
  ]);
  return rows[0]?.mark ?? mark;
}

/** Begins an epoch after `known`. Every other hub then copies this one anew. */
export async function newEpoch(db: Db, known: string, now: number): Promise<void> {
  const epoch = nextEpoch(known, now, crypto.randomUUID().slice(0, RANDOM_DIGITS));
  await db.batch([
    db.update(registry).set({ epoch }),
    db.delete(registryMarks), // those of the time before the restoration would lie
  ]);
}

export async function registryState(db: Db): Promise<RegistryState> {
  return stateOf(await db.select().from(registry));
}

/** Forgets deleted services and old marks. A copy that is older than what is forgotten is made anew. `now`: Unix ms. */
export async function forgetTombstones(db: Db, now: number): Promise<void> {
  const before = now - TOMBSTONE_DAYS * 86_400_000;
  const oldMark = and(
    lt(registryMarks.at, before),
    // The newest mark stays: a hub in which nothing happens is not unknown.
    sql`${registryMarks.revision} < (SELECT max(revision) FROM registry_marks)`,
  );
  const newest = sql`max(
    floor,
    coalesce((SELECT max(revision) FROM service_revisions WHERE deleted_at < ${before}), 0),
    coalesce((SELECT max(revision) FROM registry_marks
              WHERE at < ${before} AND revision < (SELECT max(revision) FROM registry_marks)), 0))`;
  await db.batch([
    db.update(registry).set({ floor: newest }),
    db.delete(serviceRevisions).where(lt(serviceRevisions.deleted_at, before)),
    db.delete(registryMarks).where(oldMark),
  ]);
}

export function stateOf(rows: (typeof registry.$inferSelect)[]): RegistryState {
  const [row] = rows;
  if (row === undefined) throw new Error("the registry has no revision");
  return row;
}
