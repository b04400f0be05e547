/** Finds services of other hubs. */
import { and, eq, gt, not, type SQL, sql } from "drizzle-orm";
import type { ServiceType, Status } from "../../core/service/records.ts";
import type { Db } from "../database.ts";
import { holds } from "../fragments.ts";
import { hubs as hubTable, type RemoteServiceRow, remoteServices } from "../tables/federation-tables.ts";

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
  page: RemotePage,
): Promise<{ rows: RemoteServiceRow[]; total: number }> {
  if (hubs.length === 0) return { rows: [], total: 0 };
  const wanted = and(...conditions(filter));
  if (wanted === undefined) return await unfiltered(db, hubs, page);
  const json = JSON.stringify(hubs);
  const matches = and(sql`${remoteServices.hub_id} IN (SELECT value FROM json_each(${json}))`, wanted);
  const { after, limit } = page;
  if (after === undefined || page.total === undefined) {
    return await firstMatching(db, hubs, searched(filter), matches, page);
  }
  const rank = sql`(SELECT hub.key FROM json_each(${json}) AS hub WHERE hub.value = ${remoteServices.hub_id})`;
  const rest = sql`(${rank}, ${remoteServices.service_id}) > (${after.rank}, ${after.id})`;
  const rows = await db
    .select()
    .from(remoteServices)
    .where(and(matches, rest))
    .orderBy(rank, remoteServices.service_id)
    .limit(limit);
  return { rows, total: page.total };
}

interface RemotePage {
  limit: number;
  after?: { rank: number; id: number } | undefined;
  total?: number | undefined;
}

/** Hub by hub along the primary key. How many services each has stands beside the hub. */
async function unfiltered(db: Db, hubs: readonly string[], { limit, after, total }: RemotePage) {
  const known = await db
    .select({ hub_id: hubTable.hub_id, count: hubTable.service_count })
    .from(hubTable)
    .where(sql`${hubTable.hub_id} IN (SELECT value FROM json_each(${JSON.stringify(hubs)}))`);
  const counts = new Map(known.map(({ hub_id, count }) => [hub_id, count]));
  const first = after?.rank ?? 0;
  const rows: RemoteServiceRow[] = [];
  for (let rank = first; rank < hubs.length && rows.length < limit; rank++) {
    const hub = hubs[rank];
    if (hub === undefined || (counts.get(hub) ?? 0) === 0) continue;
    const behind = after !== undefined && rank === first ? gt(remoteServices.service_id, after.id) : undefined;
    const ofHub = db
      .select()
      .from(remoteServices)
      .where(and(eq(remoteServices.hub_id, hub), behind))
      .orderBy(remoteServices.service_id)
      .limit(limit - rows.length);
    rows.push(...(await ofHub));
  }
  return { rows, total: total ?? hubs.reduce((sum, hub) => sum + (counts.get(hub) ?? 0), 0) };
}

/** SQLite takes the primary key where only a hub and a status are given, and would read all services of the hub. */
function searched({ name, status }: RemoteFilter): SQL {
  return status !== undefined && name === undefined
    ? sql`${remoteServices} INDEXED BY remote_services_by_status`
    : sql`${remoteServices}`;
}

/** The page and the total, from one search: it may read all copies. */
async function firstMatching(
  db: Db,
  hubs: readonly string[],
  table: SQL,
  matches: SQL | undefined,
  { limit, after }: RemotePage,
): Promise<{ rows: RemoteServiceRow[]; total: number }> {
  // The plus: so that the order of the groups does not choose the index.
  const found = await db.all<{ hub_id: string; ids: string }>(sql`
    SELECT ${remoteServices.hub_id} AS hub_id, json_group_array(${remoteServices.service_id}) AS ids
    FROM ${table} WHERE ${matches} GROUP BY +${remoteServices.hub_id}`);
  const rank = new Map(hubs.map((hub, index) => [hub, index]));
  const rankOf = (hub: string) => rank.get(hub) ?? 0;
  const places = found.flatMap(({ hub_id, ids }) => {
    const parsed: number[] = JSON.parse(ids);
    return parsed.map((id): [string, number] => [hub_id, id]);
  });
  const page = places
    .filter(
      ([hub, id]) => after === undefined || rankOf(hub) > after.rank || (rankOf(hub) === after.rank && id > after.id),
    )
    .sort(([hub, id], [other, otherId]) => rankOf(hub) - rankOf(other) || id - otherId)
    .slice(0, limit);
  if (page.length === 0) return { rows: [], total: places.length };
  const rows = await db
    .select()
    .from(remoteServices)
    .where(
      sql`(${remoteServices.hub_id}, ${remoteServices.service_id}) IN (
        SELECT value ->> 0, value ->> 1 FROM json_each(${JSON.stringify(page)}))`,
    );
  rows.sort((a, b) => rankOf(a.hub_id) - rankOf(b.hub_id) || a.service_id - b.service_id);
  return { rows, total: places.length };
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
