/** The HTTP API of a hub: one app with the routes of all resources. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { SettingsError } from "../core/settings.ts";
import { rateLimit } from "./access.ts";
import { agents } from "./agents.ts";
import { audit, keepAudit } from "./audit.ts";
import type { HubContext, HubEnv } from "./context.ts";
import { dependencies } from "./dependencies.ts";
import { discovery } from "./discovery.ts";
import { docs } from "./docs.ts";
import { federatedServices } from "./federated-services.ts";
import { federation } from "./federation.ts";
import { flips } from "./flips.ts";
import { hubHealthRoutes } from "./hub-health.ts";
import { hubToHub } from "./hub-to-hub.ts";
import { keys } from "./keys.ts";
import { latestChecks } from "./latest-checks.ts";
import { live } from "./live.ts";
import { manifest } from "./manifest.ts";
import { metrics } from "./metrics.ts";
import { outages } from "./outages.ts";
import { Problem, problemResponse, toProblem } from "./problem.ts";
import { projects } from "./projects.ts";
import { routes } from "./routes.ts";
import { selfRegistration } from "./self-registration.ts";
import { serviceChecks } from "./service-checks.ts";
import { serviceHealth } from "./service-health.ts";
import { services } from "./services.ts";
import { session } from "./session.ts";
import { summary } from "./summary.ts";
import { tickets } from "./tickets.ts";
import { withoutSettings } from "./wrong-settings.ts";

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
