/** The services of this hub, and those of other hubs that they depend on: what the graph of dependencies is made of. */
import { type GraphService, placeOf } from "../../core/board/dependencies.ts";
import type { Trouble } from "../../core/board/outages.ts";
import { currentState, isWatched } from "../../core/board/service-view.ts";
import { freshness } from "../../core/federation/federation.ts";
import type { Reach } from "../../core/hub/reach.ts";
import { listHubs } from "../../store/federation/hubs.ts";
import { remoteAt } from "../../store/federation/remote-search.ts";
import { listGraphRows } from "../../store/registry/graph-rows.ts";
import type { HubContext } from "../context.ts";
import { liveStates } from "../services/service-reads.ts";

/** Steps from hub to hub, and services of other hubs, that a graph follows. */
const MAX_REMOTE_STEPS = 10;
const MAX_REMOTE_SERVICES_OF_GRAPH = 2_000;

export type KnownService = GraphService & Trouble;

/** `reach`: of the caller. Whose key is limited to projects sees nothing of other hubs. */
export async function graphServices(hub: HubContext, reach: Reach): Promise<KnownService[]> {
  const own = await ownServices(hub, reach);
  if (reach !== null) return own;
  return [...own, ...(await remoteDependencies(hub, own))];
}

async function ownServices(hub: HubContext, reach: Reach): Promise<KnownService[]> {
  const rows = await listGraphRows(hub.db, reach);
  const live = await liveStates(hub, rows);
  return rows.map((row) => {
    const { status, since, error } = currentState(row, live.get(row.id) ?? null, hub.now());
    return {
      id: row.id,
      hub_id: hub.settings.HUB_ID,
      project: row.project,
      name: row.name,
      type: row.service_type,
      status,
      since,
      error,
      depends_on: row.depends_on,
      ...(isWatched(row) ? {} : { left_as: row.last_known }),
    };
  });
}

/** Returns the services of other hubs that these services depend on, also over several steps. */
async function remoteDependencies(hub: HubContext, own: readonly KnownService[]): Promise<KnownService[]> {
  const { HUB_ID, FEDERATION_INTERVAL } = hub.settings;
  const found: KnownService[] = [];
  const asked = new Set<string>();
  let heard: Map<string, number | null> | null = null;
  for (let level: readonly KnownService[] = own, steps = 0; level.length > 0 && steps < MAX_REMOTE_STEPS; steps++) {
    const places = level
      .flatMap((service) => service.depends_on.map((name) => placeOf(name, service)))
      .filter(([hubId, ...rest]) => hubId !== HUB_ID && !asked.has([hubId, ...rest].join("/")));
    if (places.length === 0) break;
    for (const place of places) asked.add(place.join("/"));
    heard ??= new Map((await listHubs(hub.db, ["approved"])).map((row) => [row.hub_id, row.last_heard_at]));
    const rows = await remoteAt(hub.db, places.slice(0, MAX_REMOTE_SERVICES_OF_GRAPH - found.length));
    const lastHeard = heard;
    level = rows.map((row, index) => ({
      id: -(found.length + index + 1),
      hub_id: row.hub_id,
      project: row.project,
      name: row.name,
      type: row.service_type,
      status: isFresh(lastHeard.get(row.hub_id) ?? null) ? row.status : "unknown",
      since: row.status_since,
      error: null,
      depends_on: row.depends_on,
    }));
    found.push(...level);
  }
  return found;

  /** A stale status says nothing of the cause of an outage now. */
  function isFresh(lastHeardAt: number | null): boolean {
    return freshness(lastHeardAt, FEDERATION_INTERVAL, hub.now()) === "live";
  }
}
