/** `GET /api/daily-uptime`: the uptime of up to a hundred services by the day, in a form that takes little space. */
import { createRoute, z } from "@hono/zod-openapi";
import { dailyUptimes } from "../../store/history/daily-uptime.ts";
import { guard } from "../access/access.ts";
import { serviceIds } from "../parameters.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse } from "../schemas.ts";

const MAX_DAYS = 90;

const read = createRoute({
  method: "get",
  path: "/api/daily-uptime",
  operationId: "getDailyUptime",
  tags: ["health"],
  summary: "Get the uptime of many services by the day",
  description:
    "The figure of a day is the one that the history of the service gives for it. Services that do not exist are left out.",
  ...guard("read", { project: "itself" }),
  request: {
    query: z.object({
      ids: serviceIds,
      days: z
        .string()
        .regex(/^\d{1,2}$/, `expected 1 to ${MAX_DAYS}`)
        .transform(Number)
        .pipe(z.int().min(1).max(MAX_DAYS))
        .default(MAX_DAYS)
        .openapi({ type: "integer", minimum: 1, maximum: MAX_DAYS, default: MAX_DAYS }),
    }),
  },
  responses: {
    200: jsonResponse(
      z
        .object({
          days: z.array(z.iso.date()).describe("Oldest first, in UTC; the last one is today, which ends now"),
          services: z.array(
            z.object({
              id: z.int(),
              uptime: z
                .array(z.number().nullable())
                .describe(
                  "One for each day: the part of the known time in which it was up or degraded, from 0 to 1; null: no status is known, or there were more than 2,000 changes of status since",
                ),
            }),
          ),
        })
        .openapi("DailyUptime"),
      "The uptime of each service and day",
    ),
    ...problems(400, 401, 403, 429),
  },
});

export const dailyUptime = routes().openapi(read, async (c) => {
  const { hub, principal } = c.var;
  const { ids, days: count } = c.req.valid("query");
  const wanted = { ids, days: count, now: hub.now(), gaps: await hub.gaps(), within: principal.projects ?? undefined };
  const { days, services } = await dailyUptimes(hub.db, wanted);
  return c.json({ days: days.map((day) => new Date(day).toISOString().slice(0, 10)), services }, 200);
});
