/** `GET /api/dependencies`: the graph of dependencies, with the root causes of outages. */
import { createRoute, z } from "@hono/zod-openapi";
import { dependencyGraph } from "../../core/board/dependencies.ts";
import type { Reach } from "../../core/hub/reach.ts";
import type { ProjectRow } from "../../core/service/service-row.ts";
import { getProject } from "../../store/registry/projects.ts";
import { guard } from "../access/access.ts";
import { requireProject } from "../access/reach.ts";
import type { HubContext } from "../context.ts";
import { textQuery } from "../parameters.ts";
import { orNotFound, problems } from "../problem.ts";
import { resolveProject } from "../projects/project-reference.ts";
import { routes } from "../routes.ts";
import { jsonResponse, serviceTypeSchema, statusSchema } from "../schemas.ts";
import { graphServices } from "./graph-services.ts";

const nodeSchema = z
  .object({
    id: z.int().describe("Negative for a service of another hub; valid in this answer only"),
    project: z.string(),
    name: z.string(),
    status: statusSchema,
    type: serviceTypeSchema,
    hub_id: z.string(),
    watched: z.literal(false).optional().describe("Present when nobody checks the service"),
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
  ...guard("read", { project: "itself" }),
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
  const { projects: reach } = c.var.principal;
  const only = project === undefined ? undefined : (await projectOf(hub, project, reach)).name;
  return c.json(dependencyGraph(await graphServices(hub, reach), hub.settings.HUB_ID, only), 200);
});

async function projectOf(hub: HubContext, reference: string, reach: Reach): Promise<ProjectRow> {
  const row = await getProject(hub.db, await resolveProject(hub.db, reference));
  requireProject(reach, row?.id);
  return orNotFound(row, "project");
}
