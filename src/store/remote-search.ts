/** Finds services of other hubs. */
import { and, eq, not, type SQL, sql } from "drizzle-orm";
import type { ServiceType, Status } from "../core/records.ts";
import type { Db } from "./database.ts";
import { type RemoteServiceRow, remoteServices } from "./federation-tables.ts";
import { holds } from "./fragments.ts";

export interface RemoteFilter {
  name?: string | undefined;
  project?: string | undefined;
  type?: ServiceType | undefined;
  tag?: string | undefined;
  capability?: string | undefined;
  status?: Status | undefined;
  /** Whether the service can be used. What is known of hubs that are not live is too old for that. */
  healthy?: { wanted: boolean; liveHubs: readonly string[] } | undefined;
}

/**
 * `hubs`: ids of the hubs to look at, in the order of the answer. `after`: the last entry of the page before. `total`: what
 * the first page counted; it is not counted again.
 */
export async function searchRemote(
  db: Db,
  hubs: readonly string[],
  filter: RemoteFilter,
  page: { limit: number; after?: { rank: number; id: number } | undefined; total?: number | undefined },
): Promise<{ rows: RemoteServiceRow[]; total: number }> {
  if (hubs.length === 0) return { rows: [], total: 0 };
  const json = JSON.stringify(hubs);
  const matches = and(sql`${remoteServices.hub_id} IN (SELECT value FROM json_each(${json}))`, ...conditions(filter));
  const rank = sql`(SELECT hub.key FROM json_each(${json}) AS hub WHERE hub.value = ${remoteServices.hub_id})`;
  const { after } = page;
  const rest =
    after === undefined ? undefined : sql`(${rank}, ${remoteServices.service_id}) > (${after.rank}, ${after.id})`;
  const selected = db
    .select()
    .from(remoteServices)
    .where(and(matches, rest))
    .orderBy(rank, remoteServices.service_id)
    .limit(page.limit);
  if (page.total !== undefined) return { rows: await selected, total: page.total };
  const [rows, totals] = await db.batch([
    selected,
    db
      .select({ total: sql<number>`count(*)`.as("total") })
      .from(remoteServices)
      .where(matches),
  ]);
  return { rows, total: totals[0]?.total ?? 0 };
}

function conditions({ name, project, type, tag, capability, status, healthy }: RemoteFilter): (SQL | undefined)[] {
  return [
    name === undefined ? undefined : eq(remoteServices.name, name),
    project === undefined ? undefined : eq(remoteServices.project, project),
    type === undefined ? undefined : eq(remoteServices.service_type, type),
    tag === undefined ? undefined : holds(remoteServices.tags, tag),
    capability === undefined ? undefined : holds(remoteServices.capabilities, capability),
    status === undefined ? undefined : eq(remoteServices.status, status),
    healthy === undefined ? undefined : healthy.wanted ? isUsable(healthy.liveHubs) : not(isUsable(healthy.liveHubs)),
  ];
}

function isUsable(liveHubs: readonly string[]): SQL {
  return sql`(${remoteServices.status} IN ('up', 'degraded')
    AND ${remoteServices.hub_id} IN (SELECT value FROM json_each(${JSON.stringify(liveHubs)})))`;
}

/** Returns the services with these places, as far as they are known. Each place is `[hub_id, project, name]`. */
export async function remoteAt(db: Db, places: readonly (readonly [string, string, string])[]) {
  if (places.length === 0) return [];
  return await db
    .select()
    .from(remoteServices)
    .where(
      sql`(${remoteServices.hub_id}, ${remoteServices.project}, ${remoteServices.name}) IN (
        SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${JSON.stringify(places)}))`,
    );
}
