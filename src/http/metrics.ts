/** `GET /metrics`: metrics in the text format of Prometheus. */
import { createRoute, z } from "@hono/zod-openapi";
import { hubMetrics, serviceMetrics } from "../core/hub-metrics.ts";
import { currentState } from "../core/service-view.ts";
import { natsMetrics } from "../nats/health.ts";
import { guard } from "./access.ts";
import { readHubFacts } from "./hub-health.ts";
import { metricsText } from "./metrics-text.ts";
import { problems } from "./problem.ts";
import { routes } from "./routes.ts";
import { allServices, liveStates } from "./service-reads.ts";

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
  const [rows, facts] = await Promise.all([allServices(hub, {}), readHubFacts(hub)]);
  const enabled = rows.filter((row) => row.enabled);
  const live = await liveStates(hub, enabled);
  const now = hub.now();
  const services = enabled.map((row) => ({ row, state: currentState(row, live.get(row.id) ?? null, now) }));
  const text = metricsText([
    ...hubMetrics(facts.health, facts.pipeline, now),
    ...(facts.nats === null ? [] : natsMetrics(facts.nats, now)),
    ...serviceMetrics(services),
  ]);
  return c.text(text, 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
});
