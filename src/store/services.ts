/** The registry of services. */
import { and, asc, eq, getTableColumns, gt, inArray, or, type SQL, sql } from "drizzle-orm";
import type { HealthMethod, ServiceType, Status } from "../core/records.ts";
import type { ServiceInput } from "../core/service-definition.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { type Db, idList, isDuplicate } from "./database.ts";
import { contains, holds } from "./fragments.ts";
import { changeRow, countLanes, movesLane, newRow } from "./service-records.ts";
import { flips, projects, rollups, services } from "./tables.ts";

/** Absent: any. */
export interface ServiceFilter {
  project_id?: number | undefined;
  /** Name of a project. */
  project?: string | undefined;
  /** As recorded. */
  status?: Status | undefined;
  type?: ServiceType | undefined;
  tag?: string | undefined;
  capability?: string | undefined;
  method?: HealthMethod | undefined;
  /** Part of the service's or the project's name, in any case. */
  q?: string | undefined;
  /** Also the services of stopped projects, which count as deregistered. */
  include_stopped?: boolean | undefined;
}

/** `after`: the last id of the page before. */
export interface Page {
  limit: number;
  after?: number | undefined;
}

export type ServicePatch = { [K in keyof ServiceInput]?: ServiceInput[K] | undefined };

/** Services with their project, of which `where` may speak too. Ordered by id; batchable. */
export function selectServices(db: Db, where: SQL | undefined) {
  return db
    .select({
      ...getTableColumns(services),
      // Aliased, because a batch names columns and two columns of one name become one.
      project: sql<string>`${projects.name}`.as("project"),
      project_status: sql<"running" | "stopped">`${projects.status}`.as("project_status"),
    })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(where)
    .orderBy(asc(services.id))
    .$dynamic();
}

/** `total` counts all that the filter lets through. Ordered by id. */
export async function listServices(
  db: Db,
  filter: ServiceFilter,
  page: Page,
): Promise<{ rows: ServiceRow[]; total: number }> {
  const matches = and(...conditions(filter));
  const after = page.after === undefined ? undefined : gt(services.id, page.after);
  const [rows, totals] = await db.batch([
    selectServices(db, and(matches, after)).limit(page.limit),
    db
      .select({ total: sql<number>`count(*)`.as("total") })
      .from(services)
      .innerJoin(projects, eq(projects.id, services.project_id))
      .where(matches),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

function conditions(filter: ServiceFilter): (SQL | undefined)[] {
  const { project_id, project, status, type, tag, capability, method, q } = filter;
  return [
    filter.include_stopped ? undefined : eq(projects.status, "running"),
    project_id === undefined ? undefined : eq(services.project_id, project_id),
    project === undefined ? undefined : eq(projects.name, project),
    status === undefined ? undefined : eq(services.status, status),
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

export async function getServiceByName(db: Db, project: string, name: string): Promise<ServiceRow | undefined> {
  return (await selectServices(db, and(eq(projects.name, project), eq(services.name, name))))[0];
}

/** Those that exist, ordered by id. */
export async function getServices(db: Db, ids: readonly number[]): Promise<ServiceRow[]> {
  return ids.length === 0 ? [] : await selectServices(db, inArray(services.id, idList(ids)));
}

/** The project must exist. */
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

/** Undefined: no such service. Writes nothing when the patch changes nothing. */
export async function updateService(
  db: Db,
  id: number,
  patch: ServicePatch,
  now: number,
): Promise<ServiceRow | "duplicate" | undefined> {
  const row = await getService(db, id);
  if (row === undefined) return undefined;
  const input = patched(row, patch);
  const counts = movesLane(row, input) ? await countLanes(db, [input.health_interval]) : new Map();
  const change = changeRow(row, input, counts, now);
  if (change === undefined) return row;
  const rev = change.revised ? sql`${services.rev} + 1` : services.rev;
  try {
    const [, rows] = await db.batch([
      db
        .update(services)
        .set({ ...change.values, rev: sql`${rev}` })
        .where(eq(services.id, id)),
      selectServices(db, eq(services.id, id)),
    ]);
    return rows[0];
  } catch (error) {
    if (isDuplicate(error)) return "duplicate";
    throw error;
  }
}

function patched(row: ServiceRow, patch: ServicePatch): ServiceInput {
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  return { ...row, ...given };
}

/** Its flips and rollups go with it; its rounds age out. False: no such service. */
export async function deleteService(db: Db, id: number): Promise<boolean> {
  const [deleted] = await db.batch([
    db.delete(services).where(eq(services.id, id)).returning({ id: services.id }),
    db.delete(flips).where(eq(flips.service_id, id)),
    db.delete(rollups).where(eq(rollups.service_id, id)),
  ]);
  return deleted.length > 0;
}
