/** Reads of all services what their graph of dependencies needs: a full row is several times as large. */
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { type StateRow, stateFields } from "../../core/board/service-view.ts";
import { pick } from "../../core/service/service-definition.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { type Db, idList } from "../database.ts";
import { unreadableOf } from "../tables/columns.ts";
import { projects, services } from "../tables/hub-tables.ts";

export type GraphRow = StateRow & Pick<ServiceRow, "id" | "project" | "name" | "service_type" | "depends_on">;

/** Services of running projects, by id. `within`: only of these projects. */
export async function listGraphRows(db: Db, within: readonly number[] | null): Promise<GraphRow[]> {
  return await db
    .select({
      ...pick(services, stateFields),
      ...pick(services, ["id", "name", "service_type", "depends_on"] as const),
      unreadable: unreadableOf(services, [["health_options", "object"]]),
      project: sql<string>`${projects.name}`.as("project"),
      project_status: sql<"running" | "stopped">`${projects.status}`.as("project_status"),
    })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(
      and(eq(projects.status, "running"), within === null ? undefined : inArray(services.project_id, idList(within))),
    )
    .orderBy(asc(services.id));
}
