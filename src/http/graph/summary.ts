/**
 * `GET /api/summary`: the health summary of the hub. It has the same fields as the summary that is published on NATS.
 */
import { createRoute } from "@hono/zod-openapi";
import { summarisedProjects } from "../../core/board/known-service.ts";
import { summarize } from "../../core/board/summary.ts";
import { withinReach } from "../../core/hub/reach.ts";
import { guard } from "../access/access.ts";
import { MEMORY_NOTE, orFromMemory } from "../from-memory.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse, summarySchema } from "../schemas.ts";

const read = createRoute({
  method: "get",
  path: "/api/summary",
  operationId: "getSummary",
  tags: ["health"],
  summary: "Get the health summary of all services and projects",
  description: `With the tags and the metadata of each service. When the metadata of all services together has more than 1,000,000 bytes (as JSON in UTF-8), or the tags more than 2,000,000, no service has that field, and \`left_out\` names it. ${MEMORY_NOTE} It has neither field then.`,
  ...guard("read", { project: "itself", whenAway: true }),
  responses: { 200: jsonResponse(summarySchema, "The health summary"), ...problems(401, 403, 429) },
});

export const summary = routes().openapi(read, async (c) => {
  const { hub } = c.var;
  const { projects: reach } = c.var.principal;
  const answer = await orFromMemory(
    c,
    () => hub.summary(reach),
    (entries) => {
      const own = withinReach(reach, entries, ({ check }) => check.project_id);
      const services = own.map(({ check, live }) => ({ ...check, live, labels: {} }));
      return summarize(hub.settings.HUB_ID, services, summarisedProjects(own), hub.now(), ["metadata", "tags"]);
    },
  );
  return c.json(answer, 200);
});
