/** The registry of projects. Deleting a project deletes its services. Retention deletes the history that remains. */
import { and, asc, eq, getTableColumns, gt, inArray, ne, or, type SQL, sql } from "drizzle-orm";
import type { ProjectStatus, Status } from "../../core/service/records.ts";
import type { ProjectRow } from "../../core/service/service-row.ts";
import { type Db, idList, isDuplicate } from "../database.ts";
import { contains } from "../fragments.ts";
import { projects, services } from "../tables/hub-tables.ts";
import type { Page } from "./services.ts";

export interface ProjectPatch {
  name?: string | undefined;
  metadata?: Record<string, unknown> | undefined;
}

function selectProjects(db: Db, where: SQL | undefined) {
  const enabled = (status: Status) =>
    sql<number>`count(CASE WHEN ${services.enabled} AND ${services.gone_since} IS NULL AND ${services.status} = ${status} THEN 1 END)`.as(
      status,
    );
  return db
    .select({
      ...getTableColumns(projects),
      service_count: sql<number>`count(${services.id})`.as("service_count"),
      unknown: enabled("unknown"),
      up: enabled("up"),
      degraded: enabled("degraded"),
      down: enabled("down"),
    })
    .from(projects)
    .leftJoin(services, eq(services.project_id, projects.id))
    .where(where)
    .groupBy(projects.id)
    .orderBy(asc(projects.id))
    .$dynamic();
}

function toProjectRow(row: Awaited<ReturnType<typeof selectProjects>>[number]): ProjectRow {
  const { unknown, up, degraded, down, ...project } = row;
  return { ...project, counts: { unknown, up, degraded, down } };
}

/** Lists projects by id. `total` counts all projects that match `q`, unless the page says it. */
export async function listProjects(
  db: Db,
  page: Page & {
    /** Part of the name; case is ignored. */ q?: string | undefined;
    within?: readonly number[] | undefined;
  },
): Promise<{ rows: ProjectRow[]; total: number }> {
  const matches = and(
    page.q === undefined ? undefined : contains(projects.name, page.q),
    page.within === undefined ? undefined : inArray(projects.id, idList(page.within)),
  );
  const after = page.after === undefined ? undefined : gt(projects.id, page.after);
  const selected = selectProjects(db, and(matches, after)).limit(page.limit);
  if (page.total !== undefined) return { rows: (await selected).map(toProjectRow), total: page.total };
  const [rows, totals] = await db.batch([
    selected,
    db
      .select({ total: sql<number>`count(*)`.as("total") })
      .from(projects)
      .where(matches),
  ]);
  return { rows: rows.map(toProjectRow), total: totals[0]?.total ?? 0 };
}

/** Lists every project, for the summary. */
export async function listAllProjects(db: Db): Promise<ProjectRow[]> {
  return (await selectProjects(db, undefined)).map(toProjectRow);
}

/** Returns the names of the projects of these ids, by id. */
export async function projectNames(db: Db, ids: readonly number[]): Promise<Map<number, string>> {
  const { id, name } = projects;
  const rows = await db
    .select({ id, name })
    .from(projects)
    .where(inArray(id, idList(ids)));
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** Returns the ids of the projects of these names, by name. */
export async function projectIds(db: Db, names: readonly string[]): Promise<Map<string, number>> {
  const wanted = sql`(SELECT value FROM json_each(${JSON.stringify(names)}))`;
  const rows = await db
    .select({ id: projects.id, name: projects.name })
    .from(projects)
    .where(inArray(projects.name, wanted));
  return new Map(rows.map(({ id, name }) => [name, id]));
}

export async function getProject(db: Db, id: number): Promise<ProjectRow | undefined> {
  return (await selectProjects(db, eq(projects.id, id))).map(toProjectRow)[0];
}

export async function getProjectByName(db: Db, name: string): Promise<ProjectRow | undefined> {
  return (await selectProjects(db, eq(projects.name, name))).map(toProjectRow)[0];
}

/** The new project is running. */
export async function createProject(
  db: Db,
  project: { name: string; metadata: Record<string, unknown>; now: number },
): Promise<ProjectRow | "duplicate"> {
  const { name, metadata, now } = project;
  const [inserted, rows] = await db.batch([
    db
      .insert(projects)
      .values({ name, metadata, created_at: now, updated_at: now })
      .onConflictDoNothing({ target: projects.name })
      .returning({ id: projects.id }),
    selectProjects(db, eq(projects.name, name)),
  ]);
  const row = rows.map(toProjectRow)[0];
  return inserted.length === 0 || row === undefined ? "duplicate" : row;
}

/** Creates the project when there is none of this name. `now`: Unix ms. */
export async function ensureProject(db: Db, name: string, now: number): Promise<ProjectRow> {
  const row = (await getProjectByName(db, name)) ?? (await createProject(db, { name, metadata: {}, now }));
  const found = row === "duplicate" ? await getProjectByName(db, name) : row; // another request was first
  if (found === undefined) throw new Error(`the project ${name} was deleted at the same time`);
  return found;
}

/**
 * Returns undefined when there is no such project. A new name makes a new revision of each of the project's checks, by a
 * trigger.
 */
export async function updateProject(
  db: Db,
  id: number,
  patch: ProjectPatch,
  now: number,
): Promise<ProjectRow | "duplicate" | undefined> {
  const { name, metadata } = patch;
  const values = { ...(name !== undefined && { name }), ...(metadata !== undefined && { metadata }), updated_at: now };
  try {
    const [, rows] = await db.batch([
      db.update(projects).set(values).where(eq(projects.id, id)),
      selectProjects(db, eq(projects.id, id)),
    ]);
    return rows.map(toProjectRow)[0];
  } catch (error) {
    if (isDuplicate(error)) return "duplicate";
    throw error;
  }
}

/**
 * Sets the status as a person decides it: the hub does not undo it. Returns undefined when there is no such project. A
 * changed status makes a new revision of each of the project's checks, by a trigger. Writes nothing when there is nothing
 * to change.
 */
export async function setProjectStatus(
  db: Db,
  id: number,
  status: ProjectStatus,
  now: number,
): Promise<ProjectRow | undefined> {
  const stopped_by = status === "stopped" ? "person" : null;
  const isOther = or(ne(projects.status, status), sql`${projects.stopped_by} IS NOT ${stopped_by}`);
  const [, rows] = await db.batch([
    db
      .update(projects)
      .set({ status, stopped_by, updated_at: now })
      .where(and(eq(projects.id, id), isOther)),
    selectProjects(db, eq(projects.id, id)),
  ]);
  return rows.map(toProjectRow)[0];
}

/** Returns false when there is no such project. */
export async function deleteProject(db: Db, id: number): Promise<boolean> {
  const deleted = await db.delete(projects).where(eq(projects.id, id)).returning({ id: projects.id });
  return deleted.length > 0;
}

/** When the oldest project was made, Unix ms; null: there is none. */
export async function firstProjectAt(db: Db): Promise<number | null> {
  const [first] = await db.select({ at: projects.created_at }).from(projects).orderBy(asc(projects.id)).limit(1);
  return first?.at ?? null;
}
