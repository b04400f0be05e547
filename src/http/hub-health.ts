/** `GET /health`: the hub's own health as `application/health+json`. It is public, so it never names a service. */
import { createRoute, z } from "@hono/zod-openapi";
import { version } from "../../package.json";
import { federationChecks } from "../core/federation-health.ts";
import { type HubHealth, hubHealth, type PipelineHealth } from "../core/hub-health.ts";
import type { Peer } from "../core/live-protocol.ts";
import { toPeer } from "../core/peer-view.ts";
import { MAX_SHOWN, withAgentless } from "../core/unfit-checks.ts";
import { natsChecks } from "../nats/health.ts";
import type { BridgeStatus } from "../platform/bindings.ts";
import { errorText, log, troubleOf } from "../platform/log.ts";
import { withoutAgent } from "../store/agents.ts";
import { listHubs } from "../store/hubs.ts";
import { firstProjectAt } from "../store/projects.ts";
import type { HubContext } from "./context.ts";
import { problems } from "./problem.ts";
import { routes } from "./routes.ts";

const statusSchema = z.enum(["pass", "warn", "fail"]).openapi("HubHealthStatus");

const checkSchema = z
  .object({
    componentType: z.enum(["datastore", "component", "system"]),
    status: statusSchema,
    time: z.iso.datetime(),
    observedValue: z.number().optional(),
    observedUnit: z.enum(["ms", "s", "messages"]).optional(),
    output: z.string().optional().describe("Why the status is not `pass`"),
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

const HEADERS = { "content-type": "application/health+json", "cache-control": "no-store" };
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

/** The same operation at a second address. The API document shows only the first address. */
const readUnderApi = createRoute({ ...read, path: "/api/health", hide: true });

export const hubHealthRoutes = routes()
  .openapi(read, async (c) => {
    const { health } = await readHubFacts(c.var.hub);
    return c.json(health, health.status === "fail" ? 503 : 200, HEADERS);
  })
  .openapi(readUnderApi, async (c) => {
    const { health } = await readHubFacts(c.var.hub);
    return c.json(health, health.status === "fail" ? 503 : 200, HEADERS);
  });

export interface HubFacts {
  health: HubHealth;
  pipeline: PipelineHealth | null;
  nats: BridgeStatus | null;
  /** Empty when the database does not answer. */
  peers: Peer[];
}

/** Never throws: a part that does not respond is reported as a failed check. */
export async function readHubFacts(hub: HubContext): Promise<HubFacts> {
  const started = hub.now();
  const [database, known, agentless, nats, peers] = await Promise.all([
    askDatabase(hub, started),
    askPipeline(hub),
    askAgentless(hub),
    hub.nats(),
    askPeers(hub),
  ]);
  const pipeline = known === null ? null : { ...known, unfit: withAgentless(known.unfit, agentless) };
  const { HUB_ID: hub_id } = hub.settings;
  const now = hub.now();
  const more = { ...(nats === null ? {} : natsChecks(nats, now)), ...federationChecks(peers, now) };
  return { health: hubHealth({ hub_id, version, ...database, pipeline, more }, now), pipeline, nats, peers };
}

type DatabaseFacts = {
  database_ms: number | null;
  database_trouble?: string | undefined;
  watching_since: number | null;
};

async function askDatabase(hub: HubContext, started: number): Promise<DatabaseFacts> {
  try {
    const watching_since = await firstProjectAt(hub.db);
    return { database_ms: hub.now() - started, watching_since };
  } catch (error) {
    log("error", "database_unreachable", { error: errorText(error) });
    return { database_ms: null, database_trouble: troubleOf(error) ?? undefined, watching_since: null };
  }
}

async function askPeers(hub: HubContext): Promise<Peer[]> {
  try {
    const rows = await listHubs(hub.db, ["approved"]);
    return rows.map((row) => toPeer(row, hub.settings.FEDERATION_INTERVAL, hub.now()));
  } catch {
    return []; // the database's own check tells of it
  }
}

async function askAgentless(hub: HubContext) {
  try {
    return await withoutAgent(hub.db, MAX_SHOWN);
  } catch {
    return { count: 0, ids: [] }; // the database's own check tells of it
  }
}

async function askPipeline(hub: HubContext): Promise<PipelineHealth | null> {
  try {
    return await hub.pipelineHealth();
  } catch (error) {
    log("error", "board_unreachable", { error: errorText(error) });
    return null;
  }
}
