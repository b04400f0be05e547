/** `GET /metrics`: metrics in the text format of Prometheus. */
import { createRoute, z } from "@hono/zod-openapi";
import { federationMetrics } from "../../core/federation/federation-health.ts";
import { hubMetrics } from "../../core/hub/hub-metrics.ts";
import { metricsText } from "../../core/hub/metrics-text.ts";
import { natsMetrics } from "../../nats/health.ts";
import { guard } from "../access/access.ts";
import { problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { readHubFacts } from "./hub-facts.ts";

const read = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  tags: ["hub"],
  summary: "Get metrics of the hub and its services for Prometheus",
  ...guard("read"),
  responses: {
    200: {
      description: "Metrics in the Prometheus text format 0.0.4",
      content: { "text/plain; version=0.0.4": { schema: z.string() } },
    },
    ...problems(401, 403, 429),
  },
});

export const metrics = routes().openapi(read, async (c) => {
  const { hub } = c.var;
  const [services, facts] = await Promise.all([hub.serviceMetrics(), readHubFacts(hub)]);
  const now = hub.now();
  const hubText = metricsText([
    ...hubMetrics(facts.health, facts.pipeline, now),
    ...(facts.nats === null ? [] : natsMetrics(facts.nats, now)),
    ...federationMetrics(facts.peers),
  ]);
  return c.text(hubText + services, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
});
