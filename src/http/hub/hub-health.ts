/** `GET /health`: the hub's own health as `application/health+json`. It is public, so it never names a service. */
import { createRoute, z } from "@hono/zod-openapi";
import { CHECK_STATUSES } from "../../core/hub/hub-health.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { readHubFacts } from "./hub-facts.ts";

const statusSchema = z.enum(CHECK_STATUSES).openapi("HubHealthStatus");

const checkSchema = z
  .object({
    componentType: z.enum(["datastore", "component", "system"]),
    status: statusSchema,
    time: z.iso.datetime(),
    observedValue: z.number().optional(),
    observedUnit: z.enum(["ms", "s", "messages", "bytes"]).optional(),
    output: z.string().optional().describe("Why the status is not `pass`, or what else there is to say"),
  })
  .openapi("HubHealthCheck");

const healthSchema = z
  .object({
    status: statusSchema,
    version: z.string(),
    serviceId: z.string().describe("Id of the hub"),
    description: z.string(),
    checks: z.record(z.string(), z.array(checkSchema)).describe("Checks by `component:measurement`"),
  })
  .openapi("HubHealth");

/** The health is at both addresses. The API document shows only the first. */
export const HEALTH_PATHS = ["/health", "/api/health"];
export const HEALTH_HEADERS = { "content-type": "application/health+json", "cache-control": "no-store" };
const content = { "application/health+json": { schema: healthSchema } };

const read = createRoute({
  method: "get",
  path: "/health",
  operationId: "getHubHealth",
  tags: ["hub"],
  summary: "Get the health of the hub itself",
  description: "Returns `application/health+json`. `/api/health` returns the same.",
  security: [],
  responses: {
    200: { description: "The hub works: `pass` or `warn`", content },
    503: { description: "The hub does not work: `fail`", content },
    ...problems(429),
  },
});

const readUnderApi = createRoute({ ...read, path: "/api/health", hide: true });

export const hubHealthRoutes = routes()
  .openapi(read, async (c) => {
    const { health } = await readHubFacts(c.var.hub);
    return c.json(health, health.status === "fail" ? 503 : 200, HEALTH_HEADERS);
  })
  .openapi(readUnderApi, async (c) => {
    const { health } = await readHubFacts(c.var.hub);
    return c.json(health, health.status === "fail" ? 503 : 200, HEALTH_HEADERS);
  });
