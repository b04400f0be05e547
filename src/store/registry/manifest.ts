/** Applies a manifest: afterwards the project has exactly the services that the manifest names. */
import { and, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import type { ManifestPlan } from "../../core/service/manifest-plan.ts";
import type { ProjectStatus } from "../../core/service/records.ts";
import { FIELD_NAMES, type ServiceInput } from "../../core/service/service-definition.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { type Db, idList, jsonChunks } from "../database.ts";
import { itemField } from "../fragments.ts";
import { laterThan, timeOf } from "../tables/columns.ts";
import { meta, projects, services } from "../tables/hub-tables.ts";
import { changeRow, countLanes, movesLane, newRow, type RowChange } from "./service-records.ts";
import { selectServices } from "./services.ts";

/** The error of requireAsRead. */
const REFUSED = "NOT NULL constraint failed: meta.value";

export interface ManifestChange {
  created: ServiceRow[];
  /** Services that are different afterwards. */
  updated: ServiceRow[];
  /** Services as they were before they were deleted. */
  deleted: ServiceRow[];
  /** All services of the project afterwards. */
  after: ServiceRow[];
}

/** Returns all services of the project, including disabled ones. */
export async function projectServices(db: Db, projectId: number): Promise<ServiceRow[]> {
  return await selectServices(db, eq(services.project_id, projectId));
}

/** A plan, ids of services whose containers have ended or run again, and what the hub makes of the project. */
export type AppliedPlan = Omit<ManifestPlan, "unchanged"> & {
  gone?: GoneContainer[];
  back?: number[];
  /** Null: as it is. */
  status?: ProjectStatus | null;
};
/** `reason`: null when nobody knows it. */
export interface GoneContainer {
  id: number;
  reason: string | null;
}

/**
 * Applies the plan in one transaction of a few statements, however many services there are. `before`: the services of
 * the project that the plan was made for. Returns `changed` when somebody has changed them since; nothing is written
 * then.
 */
export async function applyManifest(
  db: Db,
  project: { id: number; before: readonly ServiceRow[] },
  plan: AppliedPlan,
  now: number,
): Promise<ManifestChange | "changed"> {
  const { id, before } = project;
  const { changes, creations } = await plannedRows(db, id, before, plan, now);
  const gone = new Set(plan.delete);
  const isGone = and(eq(services.project_id, id), inArray(services.id, idList(plan.delete)));
  try {
    const results = await db.batch([
      requireAsRead(db, id, before),
      db.delete(services).where(isGone),
      ...jsonChunks(changes).map((json) => updateServices(db, json)),
      ...jsonChunks(creations).map((json) => insertServices(db, json)),
      ...(plan.gone === undefined ? [] : [setGone(db, plan.gone, now)]),
      ...(plan.back === undefined ? [] : [setBack(db, plan.back, now)]),
      ...(plan.status == null ? [] : [setStatus(db, id, plan.status, now)]),
      selectServices(db, eq(services.project_id, id)),
    ]);
    const after = results.at(-1) as ServiceRow[]; // of the statement above
    const createdNames = new Set(plan.create.map((input) => input.name));
    const changedIds = new Set([
      ...changes.map(({ id }) => id),
      ...(plan.gone ?? []).map(({ id }) => id),
      ...(plan.back ?? []),
    ]);
    return {
      created: after.filter((row) => createdNames.has(row.name)),
      updated: after.filter((row) => changedIds.has(row.id)),
      deleted: before.filter((row) => gone.has(row.id)),
      after,
    };
  } catch (error) {
    if (isOtherThanRead(error)) return "changed";
    throw error;
  }
}

function setGone(db: Db, gone: readonly GoneContainer[], now: number) {
  return db
    .update(services)
    .set({ gone_since: now, gone_reason: itemField("reason"), ...newRevision(now) })
    .from(sql`json_each(${JSON.stringify(gone)}) AS item`)
    .where(eq(services.id, itemField("id")));
}

function setBack(db: Db, ids: readonly number[], now: number) {
  return db
    .update(services)
    .set({ gone_since: null, gone_reason: null, ...newRevision(now) })
    .where(inArray(services.id, idList(ids)));
}

/** By the hub: a project that a person has stopped stays as it is. */
function setStatus(db: Db, id: number, status: ProjectStatus, now: number) {
  const stopped_by = status === "stopped" ? "hub" : null;
  const isOwn = status === "stopped" ? eq(projects.status, "running") : eq(projects.stopped_by, "hub");
  return db
    .update(projects)
    .set({ status, stopped_by, updated_at: now })
    .where(and(eq(projects.id, id), isOwn));
}

function newRevision(now: number) {
  return { rev: sql`${services.rev} + 1`, updated_at: laterThan(services.updated_at, now) };
}

/**
 * Makes its batch fail when the project's services are not those that were read, or the project is gone. SQLite has no
 * statement that only fails, so this one writes a row that the table refuses. Every write gives a service another
 * revision or time.
 */
function requireAsRead(db: Db, projectId: number, rows: readonly ServiceRow[]) {
  const known = JSON.stringify(rows.map(({ id, rev, updated_at }) => [id, rev, updated_at]));
  return db.insert(meta).select(sql`
    SELECT 'services as read', NULL WHERE
      NOT EXISTS (SELECT 1 FROM ${projects} WHERE ${projects.id} = ${projectId})
      OR (SELECT count(*) FROM ${services} WHERE ${services.project_id} = ${projectId}) <> ${rows.length}
      OR (SELECT count(*) FROM json_each(${known}) AS item CROSS JOIN ${services} ON ${services.id} = item.value ->> 0
          WHERE ${services.project_id} = ${projectId}
            AND ${services.rev} = item.value ->> 1 AND ${timeOf(services.updated_at)} = item.value ->> 2) <> ${rows.length}`);
}

function isOtherThanRead(error: unknown): boolean {
  return error instanceof Error && (error.message.includes(REFUSED) || isOtherThanRead(error.cause));
}

async function plannedRows(
  db: Db,
  projectId: number,
  before: readonly ServiceRow[],
  plan: Omit<ManifestPlan, "unchanged">,
  now: number,
) {
  const rows = new Map(before.map((row) => [row.id, row]));
  const updates = plan.update.flatMap(({ id, input }) => {
    const row = rows.get(id);
    return row === undefined ? [] : [{ row, input }];
  });
  const newcomers = [
    ...plan.create,
    ...updates.filter(({ row, input }) => movesLane(row, input)).map(({ input }) => input),
  ];
  const counts = await countLanes(
    db,
    newcomers.map((input) => input.health_interval),
  );
  const changes = updates.flatMap(({ row, input }) => {
    const change = changeRow(row, input, counts, now);
    return change === undefined ? [] : [changeRecord(row.id, input, change)];
  });
  return { changes, creations: plan.create.map((input) => newRow(projectId, input, counts, now)) };
}

/** A version that the manifest does not name may be found by a check at any time, so it is not written. */
function changeRecord(id: number, { version }: ServiceInput, { values, revised }: RowChange) {
  return { ...values, id, revised, names_version: version !== undefined };
}

/** Fills each column from the item's field of the same name. The database makes the id. */
function insertServices(db: Db, json: string) {
  const columns = Object.keys(getTableColumns(services)).map((name) => (name === "id" ? sql`NULL` : itemField(name)));
  return db
    .insert(services)
    .select(sql`SELECT ${sql.join(columns, sql`, `)} FROM json_each(${json}) AS item WHERE TRUE`);
}

function updateServices(db: Db, json: string) {
  const columns = [...FIELD_NAMES, "lane", "lanes", "updated_at"] as const;
  const values = Object.fromEntries(columns.map((name) => [name, itemField(name)]));
  return db
    .update(services)
    .set({
      ...values,
      version: sql`iif(${itemField("names_version")}, ${itemField("version")}, ${services.version})`,
      rev: sql`${services.rev} + ${itemField("revised")}`,
    })
    .from(sql`json_each(${json}) AS item`)
    .where(eq(services.id, itemField("id")));
}
