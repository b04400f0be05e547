/** Makes the API's HubContext for one request from the bindings. */

import { parseSummary } from "../core/board/summary.ts";
import { AuditTrail } from "../core/hub/audit.ts";
import { agentVantage } from "../core/service/records.ts";
import { secretRules } from "../core/service/secrets.ts";
import type { HubContext } from "../http/context.ts";
import { checkNow, takeHeartbeat } from "../pipeline/on-demand.ts";
import { takeReport } from "../pipeline/take-report.ts";
import type { Bindings } from "../platform/bindings.ts";
import { withRemembered } from "../platform/board-memory.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf, federationOf, proberOf } from "../platform/object-stubs.ts";
import { openDatabase } from "../store/database.ts";
import type { Scope } from "../store/tables/hub-tables.ts";
import { bridgeStatus, probeDeps, reportDeps } from "./deps.ts";
import { federationContext } from "./federation.ts";
import type { Hub } from "./hub.ts";
import { followChange, projectChanged } from "./registry.ts";

/** A limiter that is away (a local one needs the disk) refuses nobody: least of all who asks how the hub is. */
async function isLimited(env: Bindings, key: string): Promise<boolean> {
  try {
    return !(await env.REQUEST_LIMIT.limit({ key })).success;
  } catch (error) {
    log("warn", "rate_limit.away", { error: errorText(error) });
    return false;
  }
}

/** Returns the address of a local hub's caller. The runtime there tells a client's address only in headers that any client can write. */
const LOCAL_CLIENT = "local";

/** Cloudflare sets the header itself, whatever a client wrote. Everybody who asks a local hub shares one limit. */
export function clientAddress(
  { headers }: Pick<Request, "headers">,
  { LOCAL_QUEUES }: Pick<Hub["settings"], "LOCAL_QUEUES">,
): string {
  return LOCAL_QUEUES ? LOCAL_CLIENT : (headers.get("CF-Connecting-IP") ?? LOCAL_CLIENT);
}

/** The consequences of a stored change must follow even when the client is gone: `ctx` keeps them running. */
export function requestContext(request: Request, hub: Hub, ctx: Pick<ExecutionContext, "waitUntil">): HubContext {
  const { env, settings, clock } = hub;
  const kept = (work: Promise<void>): Promise<void> => {
    ctx.waitUntil(work);
    return work;
  };
  const db = openDatabase(env.DB);
  const board = boardOf(env);
  const requestIp = clientAddress(request, settings);
  return {
    settings,
    db,
    now: clock.now,
    mayReceive: (reach) => secretRules(env, settings.PROBE_SECRETS_ANYWHERE && reach === null),
    wait: (ms) => clock.wait(ms),
    requestIp,
    federation: federationContext(env, requestIp),
    live: async (ids) => new Map((await board.read(ids)).map(({ id, live }) => [id, live])),
    registryChanged: (change) => kept(followChange(change, hub)),
    projectChanged: (project) => kept(projectChanged(project, hub)),
    checkNow: (check) => checkNow(check, probeDeps(hub)),
    heartbeat: (check, beat) => takeHeartbeat(check, beat, probeDeps(hub)),
    gaps: async () => board.gaps(),
    remembered: async (id) => board.check(id),
    knownEntries: async () => withRemembered(await Promise.resolve(board.entries()).catch(() => [])),
    reportRefused: async (reporter) => board.reportRefused(reporter),
    takeReport: (agent, findings) => takeReport(findings, agentVantage(agent), reportDeps(hub)),
    websocket: (upgrade) => board.fetch(upgrade),
    agentSocket: (agent, upgrade) => proberOf(env, agentVantage(agent)).fetch(upgrade),
    ticket: {
      issue: async ({ scope, key, projects }) => board.issueTicket({ scope, key, projects }),
      redeem: async (ticket) => {
        const redeemed = await board.redeemTicket(ticket);
        // only scopes are issued
        return redeemed === null ? null : { ...redeemed, scope: redeemed.scope as Scope, agent: null };
      },
    },
    keysRevoked: async (ids, agent) => {
      const holders = [board, federationOf(env), ...(agent === null ? [] : [proberOf(env, agentVantage(agent))])];
      await Promise.all(ids.flatMap((id) => holders.map((holder) => holder.closeKey(id))));
    },
    pipelineHealth: async () => board.report(),
    serviceMetrics: async () => board.serviceMetrics(),
    nats: () => bridgeStatus(hub),
    summary: async (reach) => parseSummary(await board.summary(settings.HUB_ID, reach)),
    audit: new AuditTrail(),
    limited: (key) => isLimited(env, key),
  };
}
