/** The HTTP API of a hub: one app with the routes of all resources. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { SettingsError } from "../core/hub/settings.ts";
import { rateLimit } from "./access/access.ts";
import { audit, keepAudit } from "./access/audit.ts";
import { keys } from "./access/keys.ts";
import { session } from "./access/session.ts";
import { tickets } from "./access/tickets.ts";
import { agents } from "./agents/agents.ts";
import { discovery } from "./agents/discovery.ts";
import type { HubContext, HubEnv } from "./context.ts";
import { federatedServices } from "./federation/federated-services.ts";
import { federation } from "./federation/federation.ts";
import { hubToHub } from "./federation/hub-to-hub.ts";
import { dependencies } from "./graph/dependencies.ts";
import { outages } from "./graph/outages.ts";
import { summary } from "./graph/summary.ts";
import { docs } from "./hub/docs.ts";
import { hubHealthRoutes } from "./hub/hub-health.ts";
import { live } from "./hub/live.ts";
import { metrics } from "./hub/metrics.ts";
import { withoutSettings } from "./hub/wrong-settings.ts";
import { Problem, problemResponse, toProblem } from "./problem.ts";
import { manifest } from "./projects/manifest.ts";
import { projects } from "./projects/projects.ts";
import { routes } from "./routes.ts";
import { dailyUptime } from "./services/daily-uptime.ts";
import { flips } from "./services/flips.ts";
import { latestChecks } from "./services/latest-checks.ts";
import { selfRegistration } from "./services/self-registration.ts";
import { serviceChecks } from "./services/service-checks.ts";
import { serviceHealth } from "./services/service-health.ts";
import { services } from "./services/services.ts";

function resources() {
  return routes()
    .route("/", projects)
    .route("/", manifest)
    .route("/", services)
    .route("/", selfRegistration)
    .route("/", serviceHealth)
    .route("/", serviceChecks)
    .route("/", flips)
    .route("/", dependencies)
    .route("/", summary)
    .route("/", keys)
    .route("/", audit)
    .route("/", agents)
    .route("/", discovery)
    .route("/", session)
    .route("/", tickets)
    .route("/", hubHealthRoutes)
    .route("/", federation)
    .route("/", federatedServices)
    .route("/", latestChecks)
    .route("/", dailyUptime)
    .route("/", outages)
    .route("/", hubToHub)
    .route("/", metrics);
}

/**
 * The API's types for hono's client (`hc`). It is a union, because a declaration file cannot hold the combined type.
 */
export type AppType =
  | typeof projects
  | typeof manifest
  | typeof services
  | typeof selfRegistration
  | typeof serviceHealth
  | typeof serviceChecks
  | typeof flips
  | typeof dependencies
  | typeof summary
  | typeof keys
  | typeof audit
  | typeof agents
  | typeof session
  | typeof federation
  | typeof federatedServices
  | typeof latestChecks
  | typeof dailyUptime
  | typeof outages
  | typeof hubHealthRoutes;

/** Sets a content security policy that allows nothing, unless the response has a policy of its own. */
async function strictPolicy(c: Context<HubEnv>, next: () => Promise<void>): Promise<void> {
  await next();
  if (c.res.headers.has("content-security-policy")) return;
  c.res.headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
}

/** Calls `makeContext` once for each request. */
export function createApp(makeContext: (c: Context<HubEnv>) => HubContext): OpenAPIHono<HubEnv> {
  const app = routes();
  app.onError((error, c) =>
    error instanceof SettingsError ? withoutSettings(c, error, Date.now()) : problemResponse(c, toProblem(error)),
  );
  app.notFound((c) => problemResponse(c, new Problem(404, "there is nothing at this address")));
  app.use(secureHeaders());
  app.use(strictPolicy);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) =>
        problemResponse(
          c,
          new Problem(405, "the method does not apply here", { headers: { allow: methods.join(", ") } }),
        ),
    }),
  );
  app.use(async (c, next) => {
    c.set("hub", makeContext(c));
    await next();
  });
  app.use(keepAudit);
  app.use(rateLimit);
  const api = resources();
  return app.route("/", api).route("/", docs(api)).route("/", live);
}
