/** `GET /api/latest-checks`: the last checks of up to a hundred services, in a form that takes little space. */
import { createRoute, z } from "@hono/zod-openapi";
import { latestChecks as readLatestChecks } from "../../store/history/latest-checks.ts";
import { guard } from "../access/access.ts";
import { serviceIds } from "../parameters.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse, statusSchema } from "../schemas.ts";

const DEFAULT_CHECKS = 40;
const MAX_CHECKS = 100;

const read = createRoute({
  method: "get",
  path: "/api/latest-checks",
  operationId: "getLatestChecks",
  tags: ["health"],
  summary: "Get the last checks of many services",
  description: "Retries count as checks. Services that do not exist are left out.",
  ...guard("read", { project: "itself" }),
  request: {
    query: z.object({
      ids: serviceIds,
      limit: z
        .string()
        .regex(/^\d{1,3}$/, `expected 1 to ${MAX_CHECKS}`)
        .transform(Number)
        .pipe(z.int().min(1).max(MAX_CHECKS))
        .default(DEFAULT_CHECKS)
        .openapi({ type: "integer", minimum: 1, maximum: MAX_CHECKS, default: DEFAULT_CHECKS }),
    }),
  },
  responses: {
    200: jsonResponse(
      z
        .object({
          services: z.array(
            z.object({
              id: z.int(),
              interval: z.int().describe("Seconds between two checks"),
              checks: z
                .array(z.tuple([z.int(), statusSchema, z.number().nullable()]))
                .describe("Oldest first: time in Unix ms, status after the check, milliseconds it took"),
            }),
          ),
        })
        .openapi("LatestChecks"),
      "The last checks of each service",
    ),
    ...problems(400, 401, 403, 429),
  },
});

export const latestChecks = routes().openapi(read, async (c) => {
  const { ids: wanted, limit } = c.req.valid("query");
  const services = await readLatestChecks(c.var.hub.db, wanted, limit, c.var.principal.projects ?? undefined);
  return c.json(
    {
      services: services.map(({ id, interval, checks }) => ({
        id,
        interval,
        checks: checks.map(({ at, status, latency_ms }): [number, typeof status, number | null] => [
          at,
          status,
          latency_ms,
        ]),
      })),
    },
    200,
  );
});
