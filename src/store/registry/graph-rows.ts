/** Reads of all services what their graph of dependencies needs: a full row is several times as large. */
import { asc, eq, inArray, sql } from "drizzle-orm";
import { type StateRow, stateFields } from "../../core/board/service-view.ts";
import type { Status } from "../../core/service/records.ts";
import { pick } from "../../core/service/service-definition.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { type Db, idList } from "../database.ts";
import { unreadableOf } from "../tables/columns.ts";
import { flips, projects, services } from "../tables/hub-tables.ts";

export interface GraphRow
  extends StateRow,
    Pick<ServiceRow, "id" | "project" | "name" | "service_type" | "depends_on"> {
  /** The recorded status; of a service that is unknown, the one before. */
  last_known: Status;
}

const statusBefore = sql`(SELECT ${flips.from_status} FROM ${flips}
  WHERE ${flips.service_id} = ${services.id} AND ${flips.seq} = ${services.flip_seq})`;

/** Services by id, also those of stopped projects. `within`: only of these projects. */
export async function listGraphRows(db: Db, within: readonly number[] | null): Promise<GraphRow[]> {
  return await db
    .select({
      ...pick(services, stateFields),
      ...pick(services, ["id", "name", "service_type", "depends_on"] as const),
      unreadable: unreadableOf(services, [["health_options", "object"]]),
      project: sql<string>`${projects.name}`.as("project"),
      project_status: sql<"running" | "stopped">`${projects.status}`.as("project_status"),
      last_known: sql<Status>`CASE WHEN ${services.status} = 'unknown' THEN COALESCE(${statusBefore}, 'unknown')
        ELSE ${services.status} END`.as("last_known"),
    })
    .from(services)
    .innerJoin(projects, eq(projects.id, services.project_id))
    .where(within === null ? undefined : inArray(services.project_id, idList(within)))
    .orderBy(asc(services.id));
}
