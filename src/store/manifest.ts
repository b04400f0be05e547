/** Applies a manifest: afterwards the project has exactly the services that the manifest names. */
import { and, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import type { ManifestPlan } from "../core/manifest-plan.ts";
import { FIELD_NAMES } from "../core/service-definition.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { type Db, idList, jsonChunks, runBatch } from "./database.ts";
import { itemField } from "./fragments.ts";
import { changeRow, countLanes, movesLane, newRow, type RowChange } from "./service-records.ts";
import { selectServices } from "./services.ts";
import { services } from "./tables.ts";

export interface ManifestChange {
  created: ServiceRow[];
  /** Services that are different afterwards. */
  updated: ServiceRow[];
  /** Services as they were before they were deleted. */
  deleted: ServiceRow[];
}

/** Returns all services of the project, including disabled ones. */
export async function projectServices(db: Db, projectId: number): Promise<ServiceRow[]> {
  return await selectServices(db, eq(services.project_id, projectId));
}

/**
 * Applies the plan in one transaction of a few statements, however many services there are. Throws and changes nothing
 * when the name of a new service is taken.
 */
export async function applyManifest(
  db: Db,
  projectId: number,
  plan: Omit<ManifestPlan, "unchanged">,
  now: number,
): Promise<ManifestChange> {
  const before = await projectServices(db, projectId);
  const { changes, creations } = await plannedRows(db, projectId, before, plan, now);
  const gone = new Set(plan.delete);
  await runBatch(db, [
    db.delete(services).where(and(eq(services.project_id, projectId), inArray(services.id, idList(plan.delete)))),
    ...jsonChunks(changes).map((json) => updateServices(db, json)),
    ...jsonChunks(creations).map((json) => insertServices(db, json)),
  ]);
  const after = await projectServices(db, projectId);
  const createdNames = new Set(plan.create.map((input) => input.name));
  const changedIds = new Set(changes.map((change) => change.id));
  return {
    created: after.filter((row) => createdNames.has(row.name)),
    updated: after.filter((row) => changedIds.has(row.id)),
    deleted: before.filter((row) => gone.has(row.id)),
  };
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
    return change === undefined ? [] : [changeRecord(row.id, change)];
  });
  return { changes, creations: plan.create.map((input) => newRow(projectId, input, counts, now)) };
}

function changeRecord(id: number, { values, revised }: RowChange) {
  return { ...values, id, revised };
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
    .set({ ...values, rev: sql`${services.rev} + ${itemField("revised")}` })
    .from(sql`json_each(${json}) AS item`)
    .where(eq(services.id, itemField("id")));
}
