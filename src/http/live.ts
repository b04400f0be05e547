/** `/ws/health` and `/ws/federation`: authenticate the caller, then pass the WebSocket to the object that serves it. */
import type { Context } from "hono";
import { z } from "zod";
import { fieldErrors } from "../core/fields.ts";
import { authenticate, authorize, bearerToken } from "./access.ts";
import type { HubContext, HubEnv, Principal } from "./context.ts";
import { idSchema } from "./parameters.ts";
import { invalid, Problem } from "./problem.ts";
import { routes } from "./routes.ts";
import { isSameOrigin, sessionKey } from "./session-cookie.ts";

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
  .get("/ws/health", (c) => openSocket(c, (request) => c.var.hub.websocket(request)))
  .get("/ws/federation", (c) => openSocket(c, (request) => c.var.hub.federation.websocket(request)));

async function openSocket(c: Context<HubEnv>, open: (request: Request) => Promise<Response>): Promise<Response> {
  const { hub } = c.var;
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new Problem(426, "this is a WebSocket", { headers: { upgrade: "websocket" } });
  }
  const query = querySchema.safeParse(c.req.query());
  if (!query.success) throw invalid(fieldErrors(query.error));
  const offered = offeredProtocols(c);
  const caller = await identify(hub, c, offered);
  authorize(hub, caller.principal, caller.presented, "read");
  const offersHubProtocol = offered.includes(SUBPROTOCOL);
  return withSubprotocol(await open(withoutCredentials(c.req.raw, offersHubProtocol)), offersHubProtocol);
}

function offeredProtocols(c: Context<HubEnv>): string[] {
  const header = c.req.header("sec-websocket-protocol") ?? "";
  return header.split(",").map((part) => part.trim());
}

/** Uses the first credential that is present: header, sub-protocol, ticket, cookie. Leaves the others untouched. */
async function identify(
  hub: HubContext,
  c: Context<HubEnv>,
  offered: readonly string[],
): Promise<{ principal: Principal | null; presented: boolean }> {
  const protocol = offered.find((each) => each.startsWith(BEARER_PREFIX));
  const token = bearerToken(c.req.header("authorization")) ?? protocol?.slice(BEARER_PREFIX.length);
  if (token !== undefined) return { principal: await authenticate(hub, token), presented: true };
  const ticket = c.req.query("ticket");
  if (ticket === undefined) return await identifyPerson(hub, c);
  const scope = await hub.ticket.redeem(ticket);
  return { principal: scope === null ? null : { scope, agent: null }, presented: true };
}

/** Browsers send the cookie with WebSockets of any site, so the cookie is accepted only from the hub's own pages. */
async function identifyPerson(hub: HubContext, c: Context<HubEnv>) {
  const key = sessionKey(c);
  if (key === null) return { principal: null, presented: false };
  if (!isSameOrigin(c)) throw new Problem(403, "a page of another site may not act for who is signed in here");
  return { principal: await authenticate(hub, key), presented: true };
}

/** Returns a request with only what the live board needs: the upgrade headers and the filters of the query. */
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
