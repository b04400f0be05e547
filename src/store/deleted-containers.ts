/** Services of containers that a person has deleted while the container ran. Triggers of the database note them. */
import { and, asc, eq, lt, or, sql } from "drizzle-orm";
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

type Place = Pick<FoundContainer, "project" | "name">;
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

/**
 * Forgets those of the agent that can't come back: another container has their place, or theirs is removed. One that is
 * not listed may be started again, so it is forgotten only when it was deleted before `before` (Unix ms). Writes nothing
 * when there is nothing to forget.
 */
export async function keepDeletedContainers(
  db: Db,
  agent: string,
  { listed, removed, before }: { listed: readonly FoundContainer[]; removed: readonly Place[]; before: number },
): Promise<void> {
  const keys = JSON.stringify(listed.map(({ project, name, container_id }) => [project, name, container_id]));
  const places = JSON.stringify([...listed, ...removed].map(({ project, name }) => [project, name]));
  const isPlace = sql`item.value ->> 0 = ${deletedContainers.project} AND item.value ->> 1 = ${deletedContainers.name}`;
  await db.delete(deletedContainers).where(
    and(
      eq(deletedContainers.agent, agent),
      sql`NOT EXISTS (SELECT 1 FROM json_each(${keys}) AS item
          WHERE ${isPlace} AND item.value ->> 2 = ${deletedContainers.container_id})`,
      or(
        lt(deletedContainers.deleted_at, before),
        sql`EXISTS (SELECT 1 FROM json_each(${places}) AS item WHERE ${isPlace})`,
      ),
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
