/** `GET /api/federation/services`: the services of all hubs. */
import { createRoute, z } from "@hono/zod-openapi";
import { currentState } from "../../core/board/service-view.ts";
import { type FederatedService, ofOwn, ofRemote } from "../../core/federation/federated-service.ts";
import { freshness, hubIdSchema } from "../../core/federation/federation.ts";
import { distanceKm } from "../../core/hub/nearness.ts";
import type { Reach } from "../../core/hub/reach.ts";
import type { Status } from "../../core/service/records.ts";
import { listHubs } from "../../store/federation/hubs.ts";
import { searchRemote } from "../../store/federation/remote-search.ts";
import { listServices } from "../../store/registry/services.ts";
import type { HubRow } from "../../store/tables/federation-tables.ts";
import { guard } from "../access/access.ts";
import type { HubContext } from "../context.ts";
import { flagSchema, pageQuery, textQuery } from "../parameters.ts";
import { Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse, pageFields, serviceTypeSchema, statusSchema } from "../schemas.ts";
import { liveStates } from "../services/service-reads.ts";

const time = z.iso.datetime();
const HEALTHY: readonly Status[] = ["up", "degraded"];
/** Hub and id of the last entry of the page before, and the total that the first page counted. */
const CURSOR = /^([a-z0-9-]{1,63})~(\d{1,15})(?:~(\d{1,9}))?$/;

const federatedSchema = z
  .object({
    hub_id: z.string(),
    id: z.int().describe("The id that the service has at its own hub"),
    project: z.string(),
    name: z.string(),
    service_type: serviceTypeSchema,
    version: z.string().nullable(),
    address: z.string().nullable().describe("Host of the target"),
    port: z.int().nullable(),
    tags: z.array(z.string()),
    capabilities: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    depends_on: z.array(z.string()),
    health_status: statusSchema.describe("The last known status; see `freshness`"),
    status_since: time,
    latency_ms: z.number().nullable(),
    freshness: z.enum(["live", "stale"]).describe("`stale`: the hub was not heard for three sync intervals"),
    last_heard_at: time.nullable(),
    healthy: z.boolean().describe("`up` or `degraded`, and not stale"),
  })
  .openapi("FederatedService");

const services = createRoute({
  method: "get",
  path: "/api/federation/services",
  operationId: "listFederatedServices",
  tags: ["federation"],
  summary: "List the services of all hubs",
  ...guard("read", { project: "itself" }),
  request: {
    query: pageQuery.extend({
      cursor: z
        .string()
        .regex(CURSOR, "expected the next_cursor of an earlier answer")
        .optional()
        .describe("`next_cursor` of the page before"),
      name: textQuery.optional().describe("The whole name"),
      project: textQuery.optional().describe("Name of the project"),
      type: serviceTypeSchema.optional(),
      tag: textQuery.optional(),
      capability: textQuery.optional(),
      status: statusSchema.optional(),
      hub: hubIdSchema.optional().describe("Only the services of this hub"),
      healthy: flagSchema.optional().describe("`true`: only services that can be used; `false`: only the others"),
      near: textQuery.optional().describe("A region: its hubs come first, then the others by distance"),
    }),
  },
  responses: {
    200: jsonResponse(
      z.object({ services: z.array(federatedSchema), ...pageFields }).openapi("FederatedServicePage"),
      "A page of services",
    ),
    ...problems(400, 401, 403, 429),
  },
});

type Query = z.infer<typeof services.request.query>;

export const federatedServices = routes().openapi(services, async (c) =>
  c.json(await findServices(c.var.hub, c.req.valid("query"), c.var.principal.projects), 200),
);

/** A hub with its place in the answer. */
interface RankedHub {
  hub_id: string;
  /** null: this hub itself. */
  row: HubRow | null;
}

/** `reach`: of the caller. Whose key is limited to projects sees nothing of other hubs. */
async function findServices(hub: HubContext, query: Query, reach: Reach) {
  const { limit, cursor } = query;
  const ranked = (await rankedHubs(hub, query)).filter(({ row }) => row === null || reach === null);
  const after = positionOf(cursor, ranked);
  const [own, remote] = await Promise.all([
    ownServices(hub, ranked, { ...query, within: reach ?? undefined }, after),
    remoteServices(hub, ranked, query, after),
  ]);
  const total = after?.total ?? own.total + remote.total;
  const rank = new Map(ranked.map(({ hub_id }, index) => [hub_id, index]));
  const place = ({ hub_id }: FederatedService) => rank.get(hub_id) ?? 0;
  const found = [...own.found, ...remote.found].sort((a, b) => place(a) - place(b) || a.id - b.id);
  const last = found.length > limit ? found[limit - 1] : undefined;
  return {
    services: found.slice(0, limit),
    next_cursor: last === undefined ? null : `${last.hub_id}~${last.id}~${total}`,
    total,
  };
}

/** The hubs to look at, in the order of the answer: this one first, or the nearest. */
async function rankedHubs(hub: HubContext, { hub: only, near }: Query): Promise<RankedHub[]> {
  const { HUB_ID, HUB_REGION = null } = hub.settings;
  const rows = await listHubs(hub.db, ["approved"]);
  const all = [
    { hub_id: HUB_ID, row: null, region: HUB_REGION },
    ...rows.map((row) => ({ hub_id: row.hub_id, row, region: row.region })),
  ].filter(({ hub_id }) => only === undefined || hub_id === only);
  if (near !== undefined) all.sort((a, b) => distanceKm(near, a.region) - distanceKm(near, b.region));
  return all;
}

/** Throws a 400 when the hub of the cursor is gone. */
function positionOf(cursor: string | undefined, ranked: readonly RankedHub[]): Position | undefined {
  const [, hubId, id, total] = CURSOR.exec(cursor ?? "") ?? [];
  if (hubId === undefined) return undefined;
  const rank = ranked.findIndex(({ hub_id }) => hub_id === hubId);
  if (rank === -1) throw new Problem(400, "cursor: its hub is not part of the answer any more");
  return { rank, id: Number(id), total: total === undefined ? undefined : Number(total) };
}

interface Position {
  rank: number;
  id: number;
  total: number | undefined;
}

interface Found {
  found: FederatedService[];
  total: number;
}

async function ownServices(
  hub: HubContext,
  ranked: readonly RankedHub[],
  query: Query & { within: readonly number[] | undefined },
  after: Position | undefined,
): Promise<Found> {
  const place = ranked.findIndex(({ row }) => row === null);
  if (place === -1) return { found: [], total: 0 };
  const passed = after !== undefined && after.rank > place;
  const start = after !== undefined && after.rank === place ? after.id : undefined;
  if (passed) return { found: [], total: 0 };
  const found: FederatedService[] = [];
  const size = query.limit + 1;
  let total = after?.total;
  for (let last = start; ; ) {
    const page = await listServices(
      hub.db,
      { ...ownFilter(query), within: query.within },
      { limit: size, after: last, total },
    );
    const { rows } = page;
    total = page.total;
    const live = await liveStates(hub, rows);
    const now = hub.now();
    const services = rows.map((row) =>
      ofOwn(hub.settings.HUB_ID, row, currentState(row, live.get(row.id) ?? null, now)),
    );
    // The recorded status may be behind the live one.
    found.push(...services.filter(({ healthy }) => query.healthy === undefined || healthy === query.healthy));
    last = rows.at(-1)?.id;
    if (rows.length < size || found.length >= size) return { found, total };
  }
}

function ownFilter({ name, project, type, tag, capability, status, healthy }: Query) {
  const statuses = healthy === true ? HEALTHY : undefined;
  return { name, project, type, tag, capability, status, statuses };
}

async function remoteServices(
  hub: HubContext,
  ranked: readonly RankedHub[],
  query: Query,
  after: Position | undefined,
): Promise<Found> {
  const { FEDERATION_INTERVAL } = hub.settings;
  const now = hub.now();
  const states = new Map(
    ranked.flatMap(({ row }) =>
      row === null
        ? []
        : [[row.hub_id, { fresh: freshness(row.last_heard_at, FEDERATION_INTERVAL, now), heard: row.last_heard_at }]],
    ),
  );
  const { name, project, type, tag, capability, status, limit } = query;
  const liveHubs = [...states].flatMap(([hub_id, { fresh }]) => (fresh === "live" ? [hub_id] : []));
  const healthy = query.healthy === undefined ? undefined : { wanted: query.healthy, liveHubs };
  // This hub itself keeps its place in the list, so that the ranks are the same; it has no copies.
  const searched = ranked.map(({ hub_id }) => hub_id);
  const filter = { name, project, type, tag, capability, status, healthy };
  const { rows, total } = await searchRemote(hub.db, searched, filter, {
    limit: limit + 1,
    after,
    total: after?.total,
  });
  const found = rows.map((row) => {
    const { fresh = "stale", heard = null } = states.get(row.hub_id) ?? {};
    return ofRemote(row, fresh, heard);
  });
  return { found, total };
}
