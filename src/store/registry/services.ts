/** The registry of services. */
import { and, asc, eq, getTableColumns, gt, inArray, or, type SQL, sql } from "drizzle-orm";
import type { HealthMethod } from "../../core/methods/index.ts";
import type { ServiceType, Status } from "../../core/service/records.ts";
import { pick, type ServiceInput } from "../../core/service/service-definition.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { JSON_FIELDS, underPatch } from "../../core/service/unreadable.ts";
import { type Db, idList, isDuplicate } from "../database.ts";
import { contains, currentEpoch, holds, knownLanes, LANES } from "../fragments.ts";
import { timeOf, unreadableOf } from "../tables/columns.ts";
import { flips, projects, rollups, services } from "../tables/hub-tables.ts";
import { changeRow, countLanes, movesLane, newRow, type RowChange } from "./service-records.ts";

/** Each field limits the list; an absent field does not. */
export interface ServiceFilter {
  project_id?: number | undefined;
  /** Only of these projects. */
  within?: readonly number[] | undefined;
  project?: string | undefined;
  /** The recorded status. */
  status?: Status | undefined;
  /** Any of these recorded statuses. */
  statuses?: readonly Status[] | undefined;
  /** The whole name. */
  name?: string | undefined;
  type?: ServiceType | undefined;
  tag?: string | undefined;
  capability?: string | undefined;
  method?: HealthMethod | undefined;
  /** Part of the service's or the project's name; case is ignored. */
  q?: string | undefined;
  /** Also list services of stopped projects, which count as deregistered. */
  include_stopped?: boolean | undefined;
}

export interface Page {
  limit: number;
  /** The last id of the page before. */
  after?: number | undefined;
  /** How many there were when the first page counted them. Counting costs as much as reading all of them. */
  total?: number | undefined;
}

export type ServicePatch = { [K in keyof ServiceInput]?: ServiceInput[K] | undefined };

/**
 * Selects services with their project, ordered by id. `where` may use columns of both. The query can be part of a
 * batch.
 */
export function selectServices(db: Db, where: SQL | undefined) {
  return db
    .select({
      ...getTableColumns(services),
      lanes: knownLanes,
      unreadable: unreadableOf(services, [...JSON_FIELDS, LANES]),
      // A batch returns columns by name, so two columns of one name would become one. These need aliases.
      project: sql<string>`${projects.name}`.as("project"),
      project_status: sql<"running" | "stopped">`${projects.status}`.as("project_status"),
      epoch: currentEpoch,
    })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(where)
    .orderBy(asc(services.id))
    .$dynamic();
}

/** Lists services by id. `total` counts all services that match the filter, unless the page says it. */
export async function listServices(
  db: Db,
  filter: ServiceFilter,
  page: Page,
): Promise<{ rows: ServiceRow[]; total: number }> {
  const matches = and(...conditions(filter));
  const after = page.after === undefined ? undefined : gt(services.id, page.after);
  const selected = selectServices(db, and(matches, after)).limit(page.limit);
  if (page.total !== undefined) return { rows: await selected, total: page.total };
  if (after === undefined && !isPlain(filter)) return await firstMatching(db, matches, page.limit);
  const [rows, totals] = await db.batch([selected, isPlain(filter) ? countRegistered(db) : countMatching(db, matches)]);
  return { rows, total: totals[0]?.total ?? 0 };
}

/** The first page and the total, from one search: it may read the whole registry. */
async function firstMatching(db: Db, matches: SQL | undefined, limit: number) {
  const [found] = await db
    .select({
      total: sql<number>`count(*)`.as("total"),
      ids: sql<string>`json_group_array(${services.id})`.as("ids"),
    })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(matches);
  const ids: number[] = JSON.parse(found?.ids ?? "[]");
  if (ids.length === 0) return { rows: [], total: 0 };
  const first = ids.sort((a, b) => a - b).slice(0, limit); // sorted by SQLite each would count as a row that is read
  const rows = await selectServices(db, inArray(services.id, idList(first)));
  return { rows, total: found?.total ?? 0 };
}

function isPlain(filter: ServiceFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

/** Counts along the index of names alone, without reading the services. */
function countRegistered(db: Db) {
  return db
    .select({ total: sql<number>`count(*)`.as("total") })
    .from(services)
    .where(sql`${services.project_id} IN (SELECT id FROM projects WHERE status = 'running')`);
}

function countMatching(db: Db, matches: SQL | undefined) {
  return db
    .select({ total: sql<number>`count(*)`.as("total") })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(matches);
}

function conditions(filter: ServiceFilter): (SQL | undefined)[] {
  const { project_id, within, project, status, statuses, name, type, tag, capability, method, q } = filter;
  // Most services are up: then a project or a name leaves fewer to look at than the index of statuses, and for several
  // statuses that index has not the order of the ids.
  const isNarrow = [project_id, within, project, name, statuses].some((value) => value !== undefined);
  const known = isNarrow ? sql`+${services.status}` : sql`${services.status}`;
  return [
    filter.include_stopped ? undefined : eq(projects.status, "running"),
    project_id === undefined ? undefined : eq(services.project_id, project_id),
    within === undefined ? undefined : inArray(services.project_id, idList(within)),
    project === undefined ? undefined : eq(projects.name, project),
    status === undefined ? undefined : eq(known, status),
    statuses === undefined ? undefined : inArray(known, [...statuses]),
    name === undefined ? undefined : eq(services.name, name),
    type === undefined ? undefined : eq(services.service_type, type),
    tag === undefined ? undefined : holds(services.tags, tag),
    capability === undefined ? undefined : holds(services.capabilities, capability),
    method === undefined ? undefined : eq(services.health_method, method),
    q === undefined ? undefined : or(contains(services.name, q), contains(projects.name, q)),
  ];
}

export async function getService(db: Db, id: number): Promise<ServiceRow | undefined> {
  return (await selectServices(db, eq(services.id, id)))[0];
}

export async function projectOfService(db: Db, id: number): Promise<number | undefined> {
  return (await db.select({ project_id: services.project_id }).from(services).where(eq(services.id, id)))[0]
    ?.project_id;
}

export async function getServiceByName(db: Db, project: string, name: string): Promise<ServiceRow | undefined> {
  return (await selectServices(db, and(eq(projects.name, project), eq(services.name, name))))[0];
}

/** The project must exist; otherwise the database throws. */
export async function createService(
  db: Db,
  projectId: number,
  input: ServiceInput,
  now: number,
): Promise<ServiceRow | "duplicate"> {
  const counts = await countLanes(db, [input.health_interval]);
  const [inserted, rows] = await db.batch([
    db
      .insert(services)
      .values(newRow(projectId, input, counts, now))
      .onConflictDoNothing({ target: [services.project_id, services.name] })
      .returning({ id: services.id }),
    selectServices(db, and(eq(services.project_id, projectId), eq(services.name, input.name))),
  ]);
  return inserted.length === 0 || rows[0] === undefined ? "duplicate" : rows[0];
}

/** Returns undefined when there is no such service. Writes nothing when the patch changes nothing. */
export async function updateService(
  db: Db,
  id: number,
  patch: ServicePatch,
  now: number,
): Promise<ServiceRow | "duplicate" | undefined> {
  for (;;) {
    const row = await getService(db, id);
    if (row === undefined) return undefined;
    const after = await changeService(db, underPatch(row, patch), patch, now);
    if (after !== "changed") return after;
  }
}

/**
 * Changes the service from what the caller has read to what it wants. Returns `changed` when somebody else has changed
 * or deleted it since; nothing is written then. Writes nothing when the patch changes nothing.
 */
export async function changeService(
  db: Db,
  row: ServiceRow,
  patch: ServicePatch,
  now: number,
): Promise<ServiceRow | "duplicate" | "changed"> {
  const { id } = row;
  const input = patched(row, patch);
  const counts = movesLane(row, input) ? await countLanes(db, [input.health_interval]) : new Map();
  const change = changeRow(row, input, counts, now);
  if (change === undefined) return row;
  const rev = change.revised ? sql`${services.rev} + 1` : services.rev;
  try {
    const [written, rows] = await db.batch([
      db
        .update(services)
        .set({ ...changedOnly(change), rev: sql`${rev}` })
        .where(and(eq(services.id, id), isAsRead(row)))
        .returning({ id: services.id }),
      selectServices(db, eq(services.id, id)),
    ]);
    return written.length === 0 ? "changed" : (rows[0] ?? "changed");
  } catch (error) {
    if (isDuplicate(error)) return "duplicate";
    throw error;
  }
}

/** A field that could not be read and is not replaced stays for somebody to repair. */
function changedOnly({ values, changed }: RowChange) {
  const { lane, lanes, updated_at } = values;
  return { ...pick(values, changed), lane, lanes, updated_at };
}

/** See `changeRow`: every write gives the row another time. */
function isAsRead({ rev, updated_at }: ServiceRow): SQL | undefined {
  return and(eq(services.rev, rev), sql`${timeOf(services.updated_at)} = ${updated_at}`);
}

function patched(row: ServiceRow, patch: ServicePatch): ServiceInput {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return { ...row, ...given };
}

/**
 * Also deletes the service's flips and rollups. Its rounds stay until they are too old. Returns false when there is no
 * such service.
 */
export async function deleteService(db: Db, id: number): Promise<boolean> {
  const [deleted] = await db.batch([
    db.delete(services).where(eq(services.id, id)).returning({ id: services.id }),
    db.delete(flips).where(eq(flips.service_id, id)),
    db.delete(rollups).where(eq(rollups.service_id, id)),
  ]);
  return deleted.length > 0;
}
