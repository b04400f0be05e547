/** `GET /api/summary`: the health summary that is also published and exchanged by hubs. */
import { createRoute } from "@hono/zod-openapi";
import { guard } from "./access.ts";
import { problems } from "./problem.ts";
import { routes } from "./routes.ts";
import { answer, summarySchema } from "./schemas.ts";

const read = createRoute({
  method: "get",
  path: "/api/summary",
  operationId: "getSummary",
  tags: ["health"],
  summary: "The health summary of the hub",
  ...guard("read"),
  responses: { 200: answer(summarySchema, "The summary"), ...problems(401, 403, 429) },
});

export const summary = routes().openapi(read, async (c) => c.json(await c.var.hub.summary(), 200));
