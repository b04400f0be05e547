/** Services of containers that a person has deleted while the container ran. Triggers of the database note them. */
import { and, asc, eq, lt, sql } from "drizzle-orm";
import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FoundContainer } from "../core/discovery.ts";
import type { Db } from "./database.ts";

export const deletedContainers = sqliteTable(
  "deleted_containers",
  {
    agent: text().notNull(),
    project: text().notNull(),
    name: text().notNull(),
    container_id: text().notNull(),
    deleted_at: integer().notNull(),
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

/** Forgets those of the agent whose containers it no longer lists. Writes nothing when all are listed. */
export async function keepDeletedContainers(db: Db, agent: string, listed: readonly FoundContainer[]): Promise<void> {
  const keys = JSON.stringify(listed.map(({ project, name, container_id }) => [project, name, container_id]));
  await db.delete(deletedContainers).where(
    and(
      eq(deletedContainers.agent, agent),
      sql`NOT EXISTS (SELECT 1 FROM json_each(${keys}) AS item WHERE item.value ->> 0 = ${deletedContainers.project}
          AND item.value ->> 1 = ${deletedContainers.name} AND item.value ->> 2 = ${deletedContainers.container_id})`,
    ),
  );
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
