/** Checks a service on demand, and receives heartbeats of services. */
import { createRoute, z } from "@hono/zod-openapi";
import { MAX_DETAIL_CHARS, MAX_DETAILS } from "../../core/agent/agent-protocol.ts";
import { isWatched } from "../../core/board/service-view.ts";
import { isProbed, methodOf } from "../../core/methods/index.ts";
import type { Check } from "../../core/service/check.ts";
import { type ServiceRow, toCheck } from "../../core/service/service-row.ts";
import { isJudgeable, UNJUDGED } from "../../core/service/unreadable.ts";
import type { Outcome } from "../../core/status/outcome.ts";
import { getService } from "../../store/registry/services.ts";
import { guard } from "../access/access.ts";
import { withRefusals } from "../agents/refused-report.ts";
import type { HubContext } from "../context.ts";
import { idParams } from "../parameters.ts";
import { orNotFound, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonResponse, outcomeSchema } from "../schemas.ts";

const check = createRoute({
  method: "post",
  path: "/api/services/{id}/check",
  operationId: "checkService",
  tags: ["services"],
  summary: "Check a service now",
  description:
    "Waits for the check and returns its outcome. Services of the methods `heartbeat` and `exec`, and those of agents, are not checked by the hub; for them the response is a 409.",
  ...guard("write", { project: "service" }),
  request: { params: idParams },
  responses: {
    200: jsonResponse(outcomeSchema, "The outcome of the check"),
    ...problems(400, 401, 403, 404, 409, 429),
  },
});

const heartbeatSchema = z
  .strictObject({
    status: z.enum(["pass", "warn", "fail"]).optional().describe("Default `pass`"),
    details: z
      .record(z.string(), z.unknown())
      .nullish()
      .describe(
        `Numbers are drawn as charts. The first ${MAX_DETAILS} are kept, and ${MAX_DETAIL_CHARS} characters of a text`,
      ),
  })
  .openapi("HeartbeatInput");

const heartbeat = createRoute({
  method: "post",
  path: "/api/services/{id}/heartbeat",
  operationId: "sendHeartbeat",
  tags: ["services"],
  summary: "Report that a service is alive",
  description:
    "For services of the method `heartbeat`. A key of the scope `agent` may report for the services of its agent.",
  ...withRefusals(
    (c) => ({ service_ids: [Number(c.req.param("id"))] }),
    guard("write", { project: "service", agent: true, register: true, whenAway: true }),
  ),
  request: { params: idParams, body: { content: { "application/json": { schema: heartbeatSchema } } } },
  responses: {
    202: jsonResponse(outcomeSchema, "The heartbeat was taken in"),
    ...problems(400, 401, 403, 404, 409, 413, 415, 429),
  },
});

export const serviceChecks = routes()
  .openapi(check, async (c) => {
    const { hub } = c.var;
    const row = requireWatched(orNotFound(await getService(hub.db, c.req.valid("param").id), "service"));
    if (row.agent !== null) throw new Problem(409, `the service is checked by the agent ${row.agent}`);
    if (!isProbed(row.health_method))
      throw new Problem(409, `a service of the method ${row.health_method} is not probed`);
    const checked = toCheck(row);
    return c.json(toOutcomeView(checked, await hub.checkNow(checked)), 200);
  })
  .openapi(heartbeat, async (c) => {
    const { hub, principal } = c.var;
    const beating = await beatingService(hub, c.req.valid("param").id);
    if (principal.scope === "agent" && (beating.agent === null || beating.agent !== principal.agent)) {
      throw new Problem(403, "this service belongs to another agent");
    }
    if (methodOf(beating.health_method).runner !== "service")
      throw new Problem(409, "only a service of the method heartbeat reports itself");
    const { status = "pass", details } = c.req.valid("json");
    return c.json(toOutcomeView(beating, await hub.heartbeat(beating, { status, details: details ?? {} })), 202);
  });

/** While the database is away, the live board knows what is watched. */
async function beatingService(hub: HubContext, id: number): Promise<Check> {
  try {
    return toCheck(requireWatched(orNotFound(await getService(hub.db, id), "service")));
  } catch (error) {
    const known = error instanceof Problem ? null : await hub.remembered(id);
    if (known === null) throw error;
    return known;
  }
}

/** Returns the row. Throws a 409 when the hub does not watch the service at the moment, or can't judge it. */
function requireWatched(row: ServiceRow): ServiceRow {
  if (!isWatched(row)) throw new Problem(409, reasonUnwatched(row));
  if (!isJudgeable(row)) throw new Problem(409, UNJUDGED);
  return row;
}

function reasonUnwatched({ enabled, gone_since }: ServiceRow): string {
  if (!enabled) return "the service is disabled";
  return gone_since === null ? "the project is stopped" : "the service's container does not run";
}

function toOutcomeView(
  { service_id, name }: Pick<Check, "service_id" | "name">,
  { observation, live, flips, retry }: Outcome,
): z.infer<typeof outcomeSchema> {
  const { at, vantage, verdict, latency_ms, error, details } = observation;
  return {
    service_id,
    name,
    status: live.status,
    since: new Date(live.since).toISOString(),
    consecutive_failures: live.consecutive_failures,
    flapping: live.flapping,
    observation: {
      at: new Date(at).toISOString(),
      vantage,
      ok: verdict === "ok" || verdict === "warn",
      verdict,
      latency_ms,
      error,
      details,
    },
    flips,
    retry,
  };
}
