/** `/api/session`: signs people in and out. The key is kept in a cookie that scripts cannot read. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { version } from "../../package.json";
import { SCOPES } from "../store/tables.ts";
import { authenticate, credentialsOf, limitBody } from "./access.ts";
import type { HubEnv, Principal } from "./context.ts";
import { Problem, problems } from "./problem.ts";
import { routes } from "./routes.ts";
import { jsonBody, jsonResponse } from "./schemas.ts";
import { endSession, isSameOrigin, keepSession, sessionKey } from "./session-cookie.ts";

const MAX_KEY_CHARS = 256;
const tags = ["access"];
const NO_STORE = { "cache-control": "no-store" };

const sessionSchema = z
  .object({
    signed_in: z.boolean(),
    scope: z.enum(SCOPES).nullable().describe("The scope of the caller; null: the caller has no access"),
    public_read: z.boolean().describe("True: reading needs no key"),
    hub: z
      .object({ id: z.string(), name: z.string(), region: z.string().nullable(), version: z.string() })
      .openapi("HubIdentity"),
  })
  .openapi("Session");

const read = createRoute({
  method: "get",
  path: "/api/session",
  operationId: "getSession",
  tags,
  summary: "Get the session of the caller",
  description: "Returns whether the caller is signed in, and what the caller may do.",
  security: [],
  responses: { 200: jsonResponse(sessionSchema, "The session"), ...problems(429) },
});

const signIn = createRoute({
  method: "post",
  path: "/api/session",
  operationId: "signIn",
  tags,
  summary: "Sign in with an API key",
  description: "Stores the key in a cookie. Browsers send the cookie only with requests of the hub's own pages.",
  security: [],
  middleware: limitBody,
  request: { body: jsonBody(z.strictObject({ key: z.string().min(1).max(MAX_KEY_CHARS) }).openapi("SignInInput")) },
  responses: { 200: jsonResponse(sessionSchema, "The caller is signed in"), ...problems(400, 401, 403, 413, 415, 429) },
});

const signOut = createRoute({
  method: "delete",
  path: "/api/session",
  operationId: "signOut",
  tags,
  summary: "Sign out",
  security: [],
  responses: { 204: { description: "The caller is signed out" }, ...problems(403, 429) },
});

export const session = routes()
  .openapi(read, async (c) => {
    const credentials = credentialsOf(c);
    const principal = credentials === null ? null : await authenticate(c.var.hub, credentials.token);
    if (principal === null && sessionKey(c) !== null) endSession(c);
    return c.json(sessionView(c, principal), 200, NO_STORE);
  })
  .openapi(signIn, async (c) => {
    refuseOtherSites(c);
    const { key } = c.req.valid("json");
    const principal = await authenticate(c.var.hub, key);
    if (principal === null) throw new Problem(401, "the key is not valid");
    if (principal.scope === "agent") throw new Problem(403, "a key of the scope agent is for programs, not for people");
    keepSession(c, key);
    return c.json(sessionView(c, principal), 200, NO_STORE);
  })
  .openapi(signOut, (c) => {
    refuseOtherSites(c);
    endSession(c);
    return c.body(null, 204);
  });

/** Browsers always send one of these headers. Programs send neither header and are allowed. */
function refuseOtherSites(c: Context): void {
  const fromBrowser = ["sec-fetch-site", "origin"].some((name) => c.req.header(name) !== undefined);
  if (fromBrowser && !isSameOrigin(c)) throw new Problem(403, "this comes from another site");
}

function sessionView(c: Context<HubEnv>, principal: Principal | null): z.infer<typeof sessionSchema> {
  const { HUB_ID, HUB_NAME, HUB_REGION, PUBLIC_READ } = c.var.hub.settings;
  return {
    signed_in: principal !== null,
    scope: principal?.scope ?? (PUBLIC_READ ? "read" : null),
    public_read: PUBLIC_READ,
    hub: { id: HUB_ID, name: HUB_NAME ?? HUB_ID, region: HUB_REGION ?? null, version },
  };
}
