/**
 * `GET /api/summary`: the health summary of the hub. It has the same fields as the summary that is published on NATS.
 */
import { createRoute } from "@hono/zod-openapi";
import { guard } from "./access.ts";
import { problems } from "./problem.ts";
import { routes } from "./routes.ts";
import { jsonResponse, summarySchema } from "./schemas.ts";

const read = createRoute({
  method: "get",
  path: "/api/summary",
  operationId: "getSummary",
  tags: ["health"],
  summary: "Get the health summary of all services and projects",
  ...guard("read"),
  responses: { 200: jsonResponse(summarySchema, "The health summary"), ...problems(401, 403, 429) },
});

export const summary = routes().openapi(read, async (c) => c.json(await c.var.hub.summary(), 200));
