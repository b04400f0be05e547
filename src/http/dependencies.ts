/** `GET /api/dependencies`: the graph of dependencies, with the root causes of outages. */
import { createRoute, z } from "@hono/zod-openapi";
import { dependencyGraph, type GraphService, placeOf } from "../core/dependencies.ts";
import { freshness } from "../core/federation.ts";
import { currentState } from "../core/service-view.ts";
import { listHubs } from "../store/hubs.ts";
import { getProject } from "../store/projects.ts";
import { remoteAt } from "../store/remote-search.ts";
import { guard } from "./access.ts";
import type { HubContext } from "./context.ts";
import { textQuery } from "./parameters.ts";
import { orNotFound, problems } from "./problem.ts";
import { resolveProject } from "./project-reference.ts";
import { routes } from "./routes.ts";
import { jsonResponse, serviceTypeSchema, statusSchema } from "./schemas.ts";
import { allServices, liveStates } from "./service-reads.ts";

/** Steps from hub to hub, and services of other hubs, that a graph follows. */
const MAX_REMOTE_STEPS = 10;
const MAX_REMOTE_SERVICES_OF_GRAPH = 2_000;

const nodeSchema = z
  .object({
    id: z.int().describe("Negative for a service of another hub; valid in this answer only"),
    project: z.string(),
    name: z.string(),
    status: statusSchema,
    type: serviceTypeSchema,
    hub_id: z.string(),
    root_cause: z
      .array(z.int())
      .optional()
      .describe(
        "Present when the service is down: ids of the deepest dependencies that are down, at most 20. The service's own id when all its dependencies work",
      ),
  })
  .openapi("DependencyNode");

const graphSchema = z
  .object({
    nodes: z.array(nodeSchema),
    edges: z
      .array(z.object({ from: z.int(), to: z.int() }).openapi("DependencyEdge"))
      .describe("The service `from` depends on the service `to`"),
    missing: z
      .array(z.object({ from: z.int(), to: z.string() }).openapi("MissingDependency"))
      .describe("Dependencies that are not known; `to` is `project/service` or `hub/project/service`"),
    cycles: z.array(z.array(z.int())).describe("Groups of service ids that depend on each other"),
  })
  .openapi("DependencyGraph");

const graph = createRoute({
  method: "get",
  path: "/api/dependencies",
  operationId: "getDependencies",
  tags: ["health"],
  summary: "Get the dependency graph",
  ...guard("read"),
  request: {
    query: z.object({
      project: textQuery
        .optional()
        .describe("Name or id of a project. Returns only its services and the services that they depend on"),
    }),
  },
  responses: { 200: jsonResponse(graphSchema, "The dependency graph"), ...problems(400, 401, 403, 404, 429) },
});

export const dependencies = routes().openapi(graph, async (c) => {
  const { hub } = c.var;
  const { project } = c.req.valid("query");
  const only =
    project === undefined
      ? undefined
      : orNotFound(await getProject(hub.db, await resolveProject(hub.db, project)), "project").name;
  const own = await ownServices(hub);
  const services = [...own, ...(await remoteDependencies(hub, own))];
  return c.json(dependencyGraph(services, hub.settings.HUB_ID, only), 200);
});

async function ownServices(hub: HubContext): Promise<GraphService[]> {
  const rows = await allServices(hub, {});
  const live = await liveStates(hub, rows);
  return rows.map((row) => ({
    id: row.id,
    hub_id: hub.settings.HUB_ID,
    project: row.project,
    name: row.name,
    type: row.service_type,
    status: currentState(row, live.get(row.id) ?? null, hub.now()).status,
    depends_on: row.depends_on,
  }));
}

/** Returns the services of other hubs that these services depend on, also over several steps. */
async function remoteDependencies(hub: HubContext, own: readonly GraphService[]): Promise<GraphService[]> {
  const { HUB_ID, FEDERATION_INTERVAL } = hub.settings;
  const found: GraphService[] = [];
  const asked = new Set<string>();
  let heard: Map<string, number | null> | null = null;
  for (let level: readonly GraphService[] = own, steps = 0; level.length > 0 && steps < MAX_REMOTE_STEPS; steps++) {
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
      ...{ hub_id: row.hub_id, project: row.project, name: row.name, type: row.service_type },
      status: isFresh(lastHeard.get(row.hub_id) ?? null) ? row.status : "unknown",
      depends_on: row.depends_on,
    }));
    found.push(...level);
  }
  return found;

  /** What is stale says nothing of the cause of an outage now. */
  function isFresh(lastHeardAt: number | null): boolean {
    return freshness(lastHeardAt, FEDERATION_INTERVAL, hub.now()) === "live";
  }
}
