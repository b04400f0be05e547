/** Reads flips: the changes of status of services. */
import { and, asc, desc, eq, getTableColumns, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { Gap } from "../../core/downtime/downtime.ts";
import { heldFrom, type StatusChange, uptime } from "../../core/downtime/uptime.ts";
import type { Status } from "../../core/service/records.ts";
import type { Flip } from "../../core/status/recorded-flip.ts";
import { type Db, idList } from "../database.ts";
import { flips, projects, services } from "../tables/hub-tables.ts";

/** Limit of flipsInWindow. A service that flaps for weeks has very many flips, each with its evidence. */
const MAX_FLIPS = 1_000;

/** The cursor of listFlips: time, service id and seq of the last flip of the page before, and the total. */
export const FLIP_CURSOR = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})(?:\.(\d{1,9}))?$/;

/** A list of two years has millions of flips; nobody needs to know exactly how many. */
export const MAX_COUNTED_FLIPS = 10_000;

export interface FlipFilter {
  /** Unix ms, inclusive. */
  since?: number | undefined;
  /** Id or name. */
  service?: number | string | undefined;
  /** Id or name. */
  project?: number | string | undefined;
  /** Only of services of these projects. */
  within?: readonly number[] | undefined;
}

export type ListedFlip = Flip & { project_id: number; project: string; name: string };

function toFlip(row: typeof flips.$inferSelect): Flip {
  const { service_id, seq, from_status, to_status, reason, evidence } = row;
  return { seq, service_id, from: from_status, to: to_status, reason, ...isoTimes(row), evidence };
}

function isoTimes({ at, began_at }: { at: number; began_at: number }) {
  return { at: new Date(at).toISOString(), began_at: new Date(began_at).toISOString() };
}

/** Newest first. */
export async function serviceFlips(db: Db, id: number, limit: number): Promise<Flip[]> {
  const rows = await db.select().from(flips).where(eq(flips.service_id, id)).orderBy(desc(flips.seq)).limit(limit);
  return rows.map(toFlip);
}

/**
 * Lists flips of services that still exist, newest first. `total`: counted with the first page, up to 10,000. `after` and `next` are cursors (FLIP_CURSOR). A text that is
 * no cursor starts the list at the newest flip.
 */
export async function listFlips(
  db: Db,
  filter: FlipFilter,
  page: { limit: number; after?: string | undefined },
): Promise<{ rows: ListedFlip[]; total: number; next: string | null }> {
  const { since, service, project, within } = filter;
  const matches = and(
    since === undefined ? undefined : gte(flips.at, since),
    service === undefined ? undefined : isOf(flips.service_id, services, service),
    project === undefined ? undefined : isOf(flips.project_id, projects, project),
    within === undefined ? undefined : inArray(flips.project_id, idList(within)),
  );
  // Those of one service are few, and found by the service; those of a project or of all are found by their time.
  const time = service === undefined ? sql`${flips.at}` : sql`+${flips.at}`;
  const selected = selectFlips(db, and(matches, isBefore(page.after)), time).limit(page.limit + 1);
  const counted = FLIP_CURSOR.exec(page.after ?? "")?.[4];
  const [fetched, total] =
    counted === undefined ? await withCount(db, selected, matches) : [await selected, Number(counted)];
  const rows = fetched.slice(0, page.limit);
  const last = fetched.length > page.limit ? rows.at(-1) : undefined;
  return {
    rows: rows.map((row) => ({ ...toFlip(row), project_id: row.project_id, project: row.project, name: row.name })),
    total,
    next: last === undefined ? null : `${last.at}.${last.service_id}.${last.seq}.${total}`,
  };
}

function selectFlips(db: Db, where: SQL | undefined, time: SQL) {
  return db
    .select({ ...getTableColumns(flips), project: sql<string>`${projects.name}`.as("project"), name: services.name })
    .from(flips)
    .innerJoin(services, eq(services.id, flips.service_id))
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(where)
    .orderBy(desc(time), desc(flips.service_id), desc(flips.seq))
    .$dynamic();
}

async function withCount(db: Db, selected: ReturnType<typeof selectFlips>, where: SQL | undefined) {
  const counted = db
    .select({ one: sql`1`.as("one") })
    .from(flips)
    .innerJoin(services, eq(services.id, flips.service_id))
    .where(where)
    .limit(MAX_COUNTED_FLIPS)
    .as("counted");
  const [fetched, totals] = await db.batch([
    selected,
    db.select({ total: sql<number>`count(*)`.as("total") }).from(counted),
  ]);
  return [fetched, totals[0]?.total ?? 0] as const;
}

/** `wanted`: an id, or the name of one or several rows of `table`. */
function isOf(id: SQLiteColumn, table: typeof services | typeof projects, wanted: number | string): SQL {
  return typeof wanted === "number" ? eq(id, wanted) : sql`${id} IN (SELECT id FROM ${table} WHERE name = ${wanted})`;
}

function isBefore(cursor: string | undefined): SQL | undefined {
  const [, at, service, seq] = FLIP_CURSOR.exec(cursor ?? "") ?? [];
  if (at === undefined || service === undefined || seq === undefined) return undefined;
  const position = sql.join(
    [at, service, seq].map((part) => sql`${Number(part)}`),
    sql`, `,
  );
  return sql`(${flips.at}, ${flips.service_id}, ${flips.seq}) < (${position})`;
}

/** Returns the flips in [from, to) (Unix ms), oldest first, at most the newest 1,000. */
export async function flipsInWindow(db: Db, id: number, from: number, to: number): Promise<Flip[]> {
  const inside = and(eq(flips.service_id, id), gte(flips.at, from), lt(flips.at, to));
  const newest = await db.select().from(flips).where(inside).orderBy(desc(flips.seq)).limit(MAX_FLIPS);
  return newest.map(toFlip).reverse();
}

/**
 * Returns all changes that held in [from, to) (Unix ms), oldest first and without evidence. `before`: the status before
 * the first change.
 */
export async function statusChanges(db: Db, id: number, from: number, to: number): Promise<StatusChanges> {
  return toChanges(await selectChanges(db, id, from, to), to);
}

export interface StatusChanges {
  /** The status before the first change. */
  before: Status;
  changes: StatusChange[];
}

/** The columns of a flip that `toChanges` needs. */
export const CHANGE = { from: flips.from_status, to: flips.to_status, at: flips.at, began_at: flips.began_at };

/** The query of `statusChanges`, for a batch with others. */
export function selectChanges(db: Db, id: number, from: number, to: number) {
  return db
    .select(CHANGE)
    .from(flips)
    .where(
      and(
        eq(flips.service_id, id),
        lt(flips.began_at, to),
        sql`${flips.seq} >= coalesce((SELECT seq FROM flips WHERE service_id = ${id} AND at < ${from} ORDER BY seq DESC LIMIT 1), 0)`,
      ),
    )
    .orderBy(asc(flips.seq));
}

/** Makes of the query's rows what `statusChanges` returns. */
export function toChanges(rows: Awaited<ReturnType<typeof selectChanges>>, to: number): StatusChanges {
  const changes = rows.map((row) => ({ to: row.to, ...isoTimes(row) })).filter((change) => heldFrom(change) < to);
  return { before: rows[0]?.from ?? "unknown", changes };
}

/** Returns the exact uptime for each of `spans` (ms) before `now` (Unix ms). null: no status is known in that span. */
export async function recentUptimes(
  db: Db,
  id: number,
  spans: readonly number[],
  now: number,
  unwatched: readonly Gap[],
): Promise<(number | null)[]> {
  const past = { ...(await statusChanges(db, id, now - Math.max(...spans), now)), unwatched };
  return spans.map((span) => uptime(past, now - span, now));
}
