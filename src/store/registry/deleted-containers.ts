/** Services of containers that a person has deleted while the container ran. Triggers of the database note them. */
import { and, asc, eq, lt, sql } from "drizzle-orm";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { Deletion } from "../../core/agent/discovery.ts";
import { type Db, jsonChunks, runBatch } from "../database.ts";
import { itemField } from "../fragments.ts";
import { json } from "../tables/columns.ts";

export const deletedContainers = sqliteTable(
  "deleted_containers",
  {
    agent: text().notNull(),
    project: text().notNull(),
    name: text().notNull(),
    container_id: text().notNull(),
    deleted_at: integer().notNull(),
    /** All containers of the service; empty: they are not known. */
    containers: json<string[]>("texts"),
  },
  (table) => [primaryKey({ columns: [table.agent, table.project, table.name] })],
);

export type DeletedContainer = typeof deletedContainers.$inferSelect;

/** `agent`: only its own. Leaves out what somebody has registered again under the same name. */
export async function listDeletedContainers(db: Db, agent?: string): Promise<DeletedContainer[]> {
  return await db
    .select()
    .from(deletedContainers)
    .where(
      and(
        agent === undefined ? undefined : eq(deletedContainers.agent, agent),
        sql`NOT EXISTS (SELECT 1 FROM services JOIN projects ON projects.id = services.project_id
          WHERE projects.name = ${deletedContainers.project} AND services.name = ${deletedContainers.name})`,
      ),
    )
    .orderBy(asc(deletedContainers.agent), asc(deletedContainers.project), asc(deletedContainers.name));
}

/** All of the agent, also of what was registered again. */
export async function deletionsOf(db: Db, agent: string): Promise<DeletedContainer[]> {
  return await db.select().from(deletedContainers).where(eq(deletedContainers.agent, agent));
}

/** Rows that were deleted again since they were read are not touched. Writes nothing when there is nothing to do. */
export async function keepDeletions(
  db: Db,
  agent: string,
  { forget, noted }: { forget: readonly Deletion[]; noted: readonly Deletion[] },
): Promise<void> {
  const isOf = and(
    eq(deletedContainers.agent, agent),
    eq(deletedContainers.project, itemField("project")),
    eq(deletedContainers.name, itemField("name")),
    eq(deletedContainers.deleted_at, itemField("deleted_at")),
  );
  await runBatch(db, [
    ...jsonChunks(noted).map((items) =>
      db
        .update(deletedContainers)
        .set({ containers: itemField("containers") })
        .from(sql`json_each(${items}) AS item`)
        .where(isOf),
    ),
    ...jsonChunks(forget).map((items) =>
      db.delete(deletedContainers).where(sql`EXISTS (SELECT 1 FROM json_each(${items}) AS item WHERE ${isOf})`),
    ),
  ]);
}

/** Keeps all containers of the agent's services, for when a person deletes one. Writes only what is different. */
export async function noteContainers(
  db: Db,
  { project_id, agent }: { project_id: number; agent: string },
  found: readonly { name: string; containers: readonly string[] }[],
): Promise<void> {
  for (const items of jsonChunks(found)) {
    await db.run(sql`
      UPDATE services SET containers = ${itemField("containers")} FROM json_each(${items}) AS item
      WHERE services.project_id = ${project_id} AND services.name = ${itemField("name")} AND services.agent = ${agent}
        AND services.container_id IS NOT NULL AND services.containers IS NOT ${itemField("containers")}`);
  }
}

/** Of agents that have not been heard of since `before` (Unix ms), or are removed. */
export function forgetDeletedContainers(db: Db, before: number) {
  return db.delete(deletedContainers).where(
    and(
      lt(deletedContainers.deleted_at, before),
      sql`NOT EXISTS (SELECT 1 FROM agents WHERE agents.name = ${deletedContainers.agent}
          AND agents.last_seen_at >= ${before})`,
    ),
  );
}
