/** `GET /api/outages`: what is broken now, grouped by its cause. */
import { createRoute, z } from "@hono/zod-openapi";
import { dependencyGraph } from "../../core/board/dependencies.ts";
import { MAX_AFFECTED, MAX_OUTAGES, outagesOf } from "../../core/board/outages.ts";
import { guard } from "../access/access.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse, statusSchema } from "../schemas.ts";
import { graphServices } from "./graph-services.ts";

const troubledSchema = z
  .object({
    id: z.int().nullable().describe("null: a service of another hub"),
    hub_id: z.string(),
    project: z.string(),
    name: z.string(),
    status: statusSchema,
    watched: z.boolean().describe("false: nobody checks it any more (since `since`), and it was down before"),
    since: z.iso.datetime().nullable(),
    error: z.string().nullable(),
  })
  .openapi("TroubledService");

const outagesSchema = z
  .object({
    outages: z
      .array(
        z.object({
          cause: troubledSchema.describe(
            "The deepest dependency that is down, or was when somebody stopped its checks",
          ),
          affected: z
            .array(troubledSchema)
            .describe(`Services that are down because of the cause, at most ${MAX_AFFECTED}, oldest first`),
          affected_count: z.int(),
        }),
      )
      .describe(`What takes along the most first, at most ${MAX_OUTAGES}`),
    outage_count: z.int(),
    degraded: z.array(troubledSchema).describe(`At most ${MAX_OUTAGES}`),
    degraded_count: z.int(),
  })
  .openapi("Outages");

const read = createRoute({
  method: "get",
  path: "/api/outages",
  operationId: "getOutages",
  tags: ["health"],
  summary: "Get what is broken now, grouped by its root cause",
  ...guard("read", { project: "itself" }),
  responses: { 200: jsonResponse(outagesSchema, "Outages and degraded services"), ...problems(401, 403, 429) },
});

export const outages = routes().openapi(read, async (c) => {
  const { hub } = c.var;
  const services = await graphServices(hub, c.var.principal.projects);
  const byId = new Map(services.map((service) => [service.id, service]));
  const troubleOf = (id: number) => byId.get(id) ?? { since: null, error: null };
  const { HUB_ID } = hub.settings;
  return c.json(outagesOf(dependencyGraph(services, HUB_ID), HUB_ID, troubleOf), 200);
});
