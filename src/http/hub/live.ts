/** The WebSockets: authenticate the caller, then pass the socket to the object that serves it. */
import type { Context } from "hono";
import { z } from "zod";
import { fieldErrors } from "../../core/values/fields.ts";
import { KEY_HEADER, PROJECTS_HEADER } from "../../platform/key-header.ts";
import { authenticate, authorize, bearerToken, principalOf } from "../access/access.ts";
import { type ProjectFrom, requireReach } from "../access/reach.ts";
import { isSameOrigin, sessionToken } from "../access/session-cookie.ts";
import { admitAgent } from "../agents/agent-names.ts";
import { isVantage } from "../agents/agents.ts";
import type { HubContext, HubEnv, Principal } from "../context.ts";
import { idSchema } from "../parameters.ts";
import { invalid, Problem } from "../problem.ts";
import { routes } from "../routes.ts";

const SUBPROTOCOL = "hub.v1";
const BEARER_PREFIX = "bearer.";

const querySchema = z.object({
  project: idSchema.optional(),
  service: idSchema.optional(),
  since: z
    .string()
    .regex(/^\d{1,15}$/, "expected a seq")
    .optional(),
});

export const live = routes()
  .get("/ws/health", (c) => openSocket(c, (request) => c.var.hub.websocket(request), "itself"))
  .get("/ws/federation", (c) => openSocket(c, (request) => c.var.hub.federation.websocket(request), undefined))
  .get("/ws/agents/:name", (c) => openAgentSocket(c, c.req.param("name")));

async function openSocket(
  c: Context<HubEnv>,
  open: (request: Request) => Promise<Response>,
  project: ProjectFrom | undefined,
): Promise<Response> {
  const { hub } = c.var;
  requireUpgrade(c);
  const query = querySchema.safeParse(c.req.query());
  if (!query.success) throw invalid(fieldErrors(query.error));
  const offered = offeredProtocols(c);
  const caller = await identify(hub, c, offered);
  const principal = authorize(hub, caller.principal, caller.presented, "read");
  await requireReach(c, principal, project);
  return await upgraded(c, { offered, principal, open });
}

/** For programs only, so neither tickets nor cookies are taken. */
async function openAgentSocket(c: Context<HubEnv>, name: string): Promise<Response> {
  const { hub } = c.var;
  requireUpgrade(c);
  const offered = offeredProtocols(c);
  const token = tokenOf(c, offered);
  const known = token === undefined ? null : await authenticate(hub, token);
  const principal = authorize(hub, known, token !== undefined, "admin", { agent: true });
  await requireReach(c, principal, undefined); // a vantage sees targets of the whole hub
  await admitAgent(c, name, principal);
  if (!isVantage(hub, name)) throw new Problem(409, `PROBE_VANTAGES of this hub does not name agent:${name}`);
  return await upgraded(c, { offered, principal, open: (request) => hub.agentSocket(name, request) });
}

function requireUpgrade(c: Context<HubEnv>): void {
  if (c.req.header("upgrade")?.toLowerCase() === "websocket") return;
  throw new Problem(426, "this is a WebSocket", { headers: { upgrade: "websocket" } });
}

interface Opening {
  offered: readonly string[];
  principal: Principal;
  open(request: Request): Promise<Response>;
}

async function upgraded(c: Context<HubEnv>, { offered, principal, open }: Opening): Promise<Response> {
  const offersHubProtocol = offered.includes(SUBPROTOCOL);
  const request = withoutCredentials(c.req.raw, offersHubProtocol);
  if (principal.key !== null) request.headers.set(KEY_HEADER, String(principal.key));
  if (principal.projects !== null) request.headers.set(PROJECTS_HEADER, principal.projects.join());
  return withSubprotocol(await open(request), offersHubProtocol);
}

function offeredProtocols(c: Context<HubEnv>): string[] {
  const header = c.req.header("sec-websocket-protocol") ?? "";
  return header.split(",").map((part) => part.trim());
}

function tokenOf(c: Context<HubEnv>, offered: readonly string[]): string | undefined {
  const protocol = offered.find((each) => each.startsWith(BEARER_PREFIX));
  return bearerToken(c.req.header("authorization")) ?? protocol?.slice(BEARER_PREFIX.length);
}

/** Uses the first credential that is present: header, sub-protocol, ticket, cookie. Leaves the others untouched. */
async function identify(
  hub: HubContext,
  c: Context<HubEnv>,
  offered: readonly string[],
): Promise<{ principal: Principal | null; presented: boolean }> {
  const token = tokenOf(c, offered);
  if (token !== undefined) return { principal: await authenticate(hub, token), presented: true };
  const ticket = c.req.query("ticket");
  if (ticket === undefined) return await identifyPerson(hub, c);
  return { principal: await hub.ticket.redeem(ticket), presented: true };
}

/** Browsers send the cookie with WebSockets of any site, so the cookie is accepted only from the hub's own pages. */
async function identifyPerson(hub: HubContext, c: Context<HubEnv>) {
  const token = sessionToken(c);
  if (token === null) return { principal: null, presented: false };
  if (!isSameOrigin(c)) throw new Problem(403, "a page of another site may not act for who is signed in here");
  return { principal: await principalOf(hub, { token, from: "cookie" }), presented: true };
}

/** Returns a request with only what the object needs: the upgrade headers and the filters of the query. */
function withoutCredentials(request: Request, offersHubProtocol: boolean): Request {
  const url = new URL(request.url);
  url.searchParams.delete("ticket");
  const headers = new Headers({ upgrade: "websocket", connection: "upgrade" });
  for (const name of ["sec-websocket-key", "sec-websocket-version"]) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (offersHubProtocol) headers.set("sec-websocket-protocol", SUBPROTOCOL);
  return new Request(url, { headers });
}

/** Copies the response, because its headers are immutable, and adds the sub-protocol that the caller expects. */
function withSubprotocol(response: Response, offersHubProtocol: boolean): Response {
  const headers = new Headers(response.headers);
  if (offersHubProtocol && response.status === 101) headers.set("sec-websocket-protocol", SUBPROTOCOL);
  const { status, webSocket } = response;
  return webSocket === null
    ? new Response(response.body, { status, headers })
    : new Response(null, { status, headers, webSocket });
}
