/** `GET /api/flips`: changes of status of all services. */
import { createRoute, z } from "@hono/zod-openapi";
import { listHubFlips } from "../../store/federation/hubs.ts";
import { FLIP_CURSOR, listFlips, MAX_COUNTED_FLIPS } from "../../store/history/flips.ts";
import { guard } from "../access/access.ts";
import { pageQuery, textQuery, timeSchema } from "../parameters.ts";
import { problems } from "../problem.ts";
import { resolveProject } from "../projects/project-reference.ts";
import { routes } from "../routes.ts";
import { hubFlipSchema, jsonResponse, listedFlipSchema, pageFields } from "../schemas.ts";

const list = createRoute({
  method: "get",
  path: "/api/flips",
  operationId: "listFlips",
  tags: ["health"],
  summary: "List changes of status, newest first",
  ...guard("read", { project: "itself" }),
  request: {
    query: pageQuery.extend({
      cursor: z
        .string()
        .regex(FLIP_CURSOR, "expected the next_cursor of an earlier answer")
        .optional()
        .describe("`next_cursor` of the page before"),
      since: timeSchema.optional().describe("Earliest time, ISO 8601 or Unix milliseconds"),
      service: textQuery.optional().describe("Name or id of a service"),
      project: textQuery.optional().describe("Name or id of a project"),
    }),
  },
  responses: {
    200: jsonResponse(
      z
        .object({
          flips: z.array(listedFlipSchema),
          hub_flips: z
            .array(hubFlipSchema)
            .describe("Changes of other hubs, on the first page of a list that names no service and no project"),
          ...pageFields,
          total: pageFields.total.describe(`Number of changes on all pages, counted up to ${MAX_COUNTED_FLIPS}`),
        })
        .openapi("FlipPage"),
      "A page of changes",
    ),
    ...problems(400, 401, 403, 429),
  },
});

export const flips = routes().openapi(list, async (c) => {
  const { hub } = c.var;
  const { limit, cursor, since, service, project } = c.req.valid("query");
  const { projects: reach } = c.var.principal;
  const filter = {
    since,
    service: service === undefined ? undefined : idOrName(service),
    project: project === undefined ? undefined : await resolveProject(hub.db, project),
    within: reach ?? undefined,
  };
  const { rows, total, next } = await listFlips(hub.db, filter, { limit, after: cursor });
  const isWhole = cursor === undefined && service === undefined && project === undefined && reach === null;
  const hub_flips = isWhole ? await listHubFlips(hub.db, since, limit) : [];
  return c.json({ flips: rows, hub_flips, next_cursor: next, total }, 200);
});

/**
 * A reference of digits is an id; any other reference is a name. Several projects may have a service of the same name.
 */
function idOrName(reference: string): number | string {
  return /^\d{1,15}$/.test(reference) ? Number(reference) : reference;
}
