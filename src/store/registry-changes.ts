/** What other hubs may know of this hub's registry: its revision, and the services that changed since a revision. */
import { and, asc, eq, gt, lt, sql } from "drizzle-orm";
import { PAGE_SERVICES } from "../core/federation.ts";
import { type PageStart, type RegistryState, type SyncQuery, startOfPage } from "../core/replication.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { isWatched } from "../core/service-view.ts";
import type { Db } from "./database.ts";
import { hubs, registry, registryMarks, serviceRevisions } from "./federation-tables.ts";
import { selectServices } from "./services.ts";
import { services } from "./tables.ts";

/** Other hubs that were away for longer get a full copy. */
export const TOMBSTONE_DAYS = 7;

export interface ChangedServices {
  registry: RegistryState;
  /** In the order of their revisions. `row` is null for a service that is gone or not watched. */
  changes: { service_id: number; revision: number; row: ServiceRow | null }[];
  /** Whether there are more changes than these. */
  more: boolean;
  /** Hubs that this hub trusts. */
  hubs: { hub_id: string; url: string }[];
}

/** Decides how to answer another hub. Gives the registry a new epoch when it finds that the database was restored. */
export async function beginSync(db: Db, asked: SyncQuery): Promise<Exclude<PageStart, { kind: "reborn" }>> {
  const [states, marks] = await db.batch([
    db.select().from(registry),
    db.select().from(registryMarks).where(eq(registryMarks.revision, asked.head)),
  ]);
  const start = startOfPage(asked, state(states), marks[0]?.mark === asked.mark && asked.mark !== null);
  if (start.kind !== "reborn") return start;
  await newEpoch(db);
  return { kind: "page", full: true, since: 0 };
}

/** Reads one page of changes as they are at one moment. `limit`: number of services on a page. */
export async function changesSince(db: Db, since: number, limit = PAGE_SERVICES): Promise<ChangedServices> {
  const newer = db
    .select({ id: serviceRevisions.service_id })
    .from(serviceRevisions)
    .where(gt(serviceRevisions.revision, since))
    .orderBy(asc(serviceRevisions.revision))
    .limit(limit);
  const [states, revisions, rows, known] = await db.batch([
    db.select().from(registry),
    db
      .select()
      .from(serviceRevisions)
      .where(gt(serviceRevisions.revision, since))
      .orderBy(asc(serviceRevisions.revision))
      .limit(limit + 1),
    selectServices(db, sql`${services.id} IN ${newer}`),
    db.select({ hub_id: hubs.hub_id, url: hubs.url }).from(hubs).where(eq(hubs.trust, "approved")),
  ]);
  const watched = new Map(rows.filter(isWatched).map((row) => [row.id, row]));
  return {
    registry: state(states),
    changes: revisions
      .slice(0, limit)
      .map(({ service_id, revision }) => ({ service_id, revision, row: watched.get(service_id) ?? null })),
    more: revisions.length > limit,
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

/** Makes every other hub copy this one anew. */
export async function newEpoch(db: Db): Promise<void> {
  await db.batch([
    db.update(registry).set({ epoch: sql`lower(hex(randomblob(8)))` }),
    db.delete(registryMarks), // those of the time before the restoration would lie
  ]);
}

export async function registryState(db: Db): Promise<RegistryState> {
  return state(await db.select().from(registry));
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

function state(rows: (typeof registry.$inferSelect)[]): RegistryState {
  const [row] = rows;
  if (row === undefined) throw new Error("the registry has no revision");
  return row;
}
