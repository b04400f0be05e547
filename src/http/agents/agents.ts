/** `/api/agents`: programs beside the services that check what the hub can't reach. */

import { createRoute, z } from "@hono/zod-openapi";
import {
  type AgentChecks,
  agentChecksSchema,
  agentReceiptSchema,
  readReportSchema,
  refusalOf,
  reportedObservationSchema,
  toFinding,
} from "../../core/agent/agent-protocol.ts";
import { type Reach, withinReach } from "../../core/hub/reach.ts";
import type { Check } from "../../core/service/check.ts";
import { nameSchema } from "../../core/service/names.ts";
import { agentVantage } from "../../core/service/records.ts";
import { FIELD_NAMES, pick } from "../../core/service/service-definition.ts";
import { AGENT_CHECKS_LOOK_MS, AGENT_ONLINE_MS } from "../../core/time/durations.ts";
import { readEach } from "../../core/values/read-each.ts";
import { createAgentKey } from "../../store/access/keys.ts";
import { HOUR_MS } from "../../store/history/hours.ts";
import {
  type AgentRow,
  agentChecks,
  agentRevision,
  containersOfAgent,
  getAgent,
  listAgents,
  releaseAgent,
  removeAgent,
  saveAgent,
  sawAgent,
} from "../../store/registry/agents.ts";
import { type DeletedContainer, listDeletedContainers } from "../../store/registry/deleted-containers.ts";
import { guard, newApiKey, textHash } from "../access/access.ts";
import { knownKeys } from "../access/known-keys.ts";
import type { HubContext } from "../context.ts";
import { withUnzip } from "../gzip-body.ts";
import { orNotFound, Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse, listOf, pageFields } from "../schemas.ts";
import { admitAgent, instanceHeaders, rivalryOf } from "./agent-names.ts";
import { withRefusals } from "./refused-report.ts";

const tags = ["agents"];
const MAX_WAIT_S = 50;

/** Another one when the answer tells something else beside the checks, so that agents get it after an update of the hub. */
const FORM = "b";

const TOLD_FIELDS = FIELD_NAMES.filter((field) => field !== "enabled" && field !== "version");

const params = z.object({ name: nameSchema });

// The hub reads the items one by one, so the schema of the body does not name theirs.
const reportSchema = readReportSchema
  .extend({ observations: listOf("AgentObservation", readReportSchema.shape.observations) })
  .openapi("AgentReport");

const deletedServiceSchema = z
  .object({ project: z.string(), name: z.string(), container_id: z.string(), deleted_at: z.iso.datetime() })
  .openapi("DeletedContainerService");

const agentSchema = z
  .object({
    name: z.string(),
    status: z.enum(["online", "offline", "new"]).describe("`new`: it has never been heard of"),
    version: z.string().nullable(),
    host: z.string().nullable().describe("Name of its machine"),
    last_seen_at: z.iso.datetime().nullable().describe("To half a minute"),
    problem: z
      .string()
      .nullable()
      .describe("What a person should look at, by the agent's words and the hub's; null: nothing"),
    service_count: z.int(),
    waiting: z.int().describe("Observations that waited in its spool when it was last seen"),
    dropped: z.int().describe("Observations that its spool ever had no room for"),
    deleted_services: z
      .array(deletedServiceSchema)
      .describe("Deleted by a person while their containers ran; they come back with a new container"),
    created_at: z.iso.datetime(),
  })
  .openapi("Agent");

const newAgentSchema = agentSchema
  .extend({ key: z.string().describe("The key of the agent. No later request shows it") })
  .openapi("NewAgent");

const list = createRoute({
  method: "get",
  path: "/api/agents",
  operationId: "listAgents",
  tags,
  summary: "List agents",
  ...guard("read"),
  responses: {
    200: jsonResponse(z.object({ agents: z.array(agentSchema), ...pageFields }).openapi("AgentPage"), "All agents"),
    ...problems(401, 403, 429),
  },
});

const put = createRoute({
  method: "put",
  path: "/api/agents/{name}",
  operationId: "putAgent",
  tags,
  summary: "Set up an agent",
  description: "Repeating the request changes nothing and shows no key. `POST /api/keys` makes further keys.",
  ...guard("admin"),
  request: { params },
  responses: {
    200: jsonResponse(agentSchema, "The agent exists"),
    201: jsonResponse(newAgentSchema, "The agent was set up; no later response shows its key"),
    ...problems(400, 401, 403, 429),
  },
});

const remove = createRoute({
  method: "delete",
  path: "/api/agents/{name}",
  operationId: "removeAgent",
  tags,
  summary: "Remove an agent and its keys",
  description: "Its services stay, and become `unknown` when nothing is heard of them.",
  ...guard("admin"),
  request: { params },
  responses: { 204: { description: "The agent is removed" }, ...problems(400, 401, 403, 404, 429) },
});

const checks = createRoute({
  method: "get",
  path: "/api/agents/{name}/checks",
  operationId: "getAgentChecks",
  tags,
  summary: "Get the checks of an agent",
  description:
    "For the agent itself. With `If-None-Match` and `wait`, the response comes when the checks change, or after that many seconds.",
  ...guard("admin", { project: "agent", agent: true }),
  request: {
    params,
    query: z.object({
      wait: z
        .string()
        .regex(/^\d{1,2}$/, "expected seconds")
        .transform((text) => Math.min(Number(text), MAX_WAIT_S))
        .default(0)
        .openapi({ type: "integer", minimum: 0, maximum: MAX_WAIT_S, default: 0 }),
    }),
    headers: instanceHeaders.extend({ "if-none-match": z.string().max(64).optional() }),
  },
  responses: {
    200: jsonResponse(agentChecksSchema, "The checks"),
    304: { description: "The checks have not changed" },
    ...problems(400, 401, 403, 404, 409, 429),
  },
});

const observations = createRoute({
  method: "post",
  path: "/api/agents/{name}/observations",
  operationId: "reportObservations",
  tags,
  summary: "Report what an agent observed",
  description:
    "For the agent itself. The body may be compressed (`Content-Encoding: gzip`). Repeating the request is harmless. Observations that come too late become history and change no status.",
  ...withRefusals(
    (c) => ({ agent: c.req.param("name") ?? "" }),
    withUnzip(guard("admin", { project: "agent", agent: true })),
  ),
  request: { params, headers: instanceHeaders, body: jsonBody(reportSchema) },
  responses: {
    200: jsonResponse(agentReceiptSchema, "What was taken in"),
    ...problems(400, 401, 403, 404, 409, 413, 415, 429),
  },
});

export const agents = routes()
  .openapi(list, async (c) => {
    const { hub } = c.var;
    const [rows, deleted] = await Promise.all([listAgents(hub.db), listDeletedContainers(hub.db)]);
    return c.json(
      { agents: rows.map((row) => toAgent(row, deleted, hub.now())), next_cursor: null, total: rows.length },
      200,
    );
  })
  .openapi(put, async (c) => {
    const { hub } = c.var;
    const { name } = c.req.valid("param");
    const isNew = await saveAgent(hub.db, name, hub.now());
    const deleted = await listDeletedContainers(hub.db, name);
    const agent = toAgent(orNotFound(await getAgent(hub.db, name), "agent"), deleted, hub.now());
    if (!isNew) return c.json(agent, 200);
    const { key, ...stored } = await newApiKey();
    const values = { name: `agent ${name}`, agent: name, ...stored, now: hub.now() };
    orNotFound(await createAgentKey(hub.db, values), "agent");
    hub.audit.note("agent.created", name);
    return c.json({ ...agent, key }, 201, { "cache-control": "no-store" });
  })
  .openapi(remove, async (c) => {
    const { hub } = c.var;
    const { name } = c.req.valid("param");
    const keys = orNotFound(await removeAgent(hub.db, name), "agent");
    knownKeys.forgetAll(keys);
    hub.audit.note("agent.removed", name);
    await hub.keysRevoked(keys, name);
    return c.body(null, 204);
  })
  .openapi(checks, async (c) => {
    const { hub, principal } = c.var;
    const { name } = c.req.valid("param");
    await admitAgent(c, name, principal);
    await sawAgent(hub.db, name, null, hub.now());
    const known = c.req.valid("header")["if-none-match"];
    const etag = await etagAfter(hub, name, known, c.req.valid("query").wait);
    const headers = { etag, "cache-control": "no-cache" };
    if (known === etag) return c.body(null, 304, headers);
    const answer: AgentChecks = {
      hub_id: hub.settings.HUB_ID,
      agent: name,
      now: hub.now(),
      vantage: principal.projects === null && isVantage(hub, name),
      containers: await containersDigestOf(hub, name, principal.projects),
      takes_containers: true,
      checks: [...withinReach(principal.projects, await agentChecks(hub.db, name), projectOf)],
    };
    return c.json(answer, 200, headers);
  })
  .openapi(observations, async (c) => {
    const { hub, principal } = c.var;
    const { name } = c.req.valid("param");
    const instance = await admitAgent(c, name, principal);
    const { observations: given, tells_again = false, leaving = false, ...about } = c.req.valid("json");
    const { read: reported, unread } = readEach(reportedObservationSchema, given);
    const now = hub.now();
    await sawAgent(hub.db, name, about, now);
    const known = await agentChecks(hub.db, name, [...new Set(reported.map(({ service_id }) => service_id))]);
    const byId = new Map(withinReach(principal.projects, known, projectOf).map((check) => [check.service_id, check]));
    const oldest = now - hub.settings.RAW_RETENTION_HOURS * HOUR_MS;
    const refused = new Map(unread.map(({ service_id, error }) => [service_id ?? 0, error]));
    const taken = reported.flatMap((each) => {
      const check = byId.get(each.service_id);
      const reason = refusalOf(each, check, now, oldest);
      if (reason !== null) refused.set(each.service_id, reason);
      return check === undefined || reason !== null ? [] : [toFinding(each, check, name, now)];
    });
    const receipt = await hub.takeReport(name, taken);
    if (receipt.untaken.length > 0 && !tells_again) throw new Problem(503, "a part of the hub did not take it in");
    if (leaving && instance !== null) await releaseAgent(hub.db, name, instance);
    const refusals = [...refused].map(([service_id, reason]) => ({ service_id, reason }));
    return c.json({ now: hub.now(), ...receipt, refused: refusals }, 200);
  });

agents.openAPIRegistry.register("AgentObservation", reportedObservationSchema);

/** Leaves out what people decide (enabled, paused) and what checks find (version), because no agent tells these. */
export async function containersDigestOf({ db }: HubContext, agent: string, reach: Reach): Promise<string> {
  const rows = withinReach(reach, await containersOfAgent(db, agent), projectOf);
  return await textHash(JSON.stringify(rows.map((row) => [row.project, pick(row, TOLD_FIELDS)])));
}

const projectOf = ({ project_id }: Pick<Check, "project_id">) => project_id;

/** Waits until the checks are no longer those of the tag, or until the time is over. */
async function etagAfter(hub: HubContext, name: string, known: string | undefined, waitS: number): Promise<string> {
  const until = hub.now() + waitS * 1_000;
  for (;;) {
    const revision = await agentRevision(hub.db, name);
    const etag = `"${revision}-${FORM}${isVantage(hub, name) ? "-vantage" : ""}"`;
    if (known !== etag || hub.now() + AGENT_CHECKS_LOOK_MS > until) return etag;
    await hub.wait(AGENT_CHECKS_LOOK_MS);
  }
}

/** Whether the hub asks the agent to look at the hub's own services. */
export function isVantage({ settings }: HubContext, agent: string): boolean {
  return settings.PROBE_VANTAGES.includes(agentVantage(agent));
}

/** `deleted`: of any agents. */
function toAgent(row: AgentRow, deleted: readonly DeletedContainer[], now: number): z.infer<typeof agentSchema> {
  const { last_seen_at, created_at, instance: _instance, rival: _rival, rival_at: _rivalAt, ...rest } = row;
  const problems = [rivalryOf(row, now), row.problem].filter((text) => text !== null);
  const isOnline = last_seen_at !== null && Math.abs(now - last_seen_at) <= AGENT_ONLINE_MS;
  return {
    ...rest,
    problem: problems.length === 0 ? null : problems.join("; "),
    deleted_services: deleted
      .filter(({ agent }) => agent === row.name)
      .map(({ project, name, container_id, deleted_at }) => {
        return { project, name, container_id, deleted_at: new Date(deleted_at).toISOString() };
      }),
    status: last_seen_at === null ? "new" : isOnline ? "online" : "offline",
    last_seen_at: last_seen_at === null ? null : new Date(last_seen_at).toISOString(),
    created_at: new Date(created_at).toISOString(),
  };
}
