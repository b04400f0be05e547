/** `/api/session`: signs people in and out. A cookie that scripts can't read keeps the token of the session. */
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { version } from "../../../package.json";
import {
  createSession,
  deleteSession,
  deleteSessionsOf,
  findSession,
  type SessionOf,
} from "../../store/access/sessions.ts";
import { SCOPES } from "../../store/tables/hub-tables.ts";
import type { HubContext, HubEnv, Principal } from "../context.ts";
import { flagSchema } from "../parameters.ts";
import { Problem, problems } from "../problem.ts";
import { routes } from "../routes.ts";
import { jsonBody, jsonResponse } from "../schemas.ts";
import { adminMark, authenticate, credentialsOf, limitBody, newKey, principalOf, textHash } from "./access.ts";
import { knownKeys } from "./known-keys.ts";
import { endSession, isSameOrigin, keepSession, SESSION_LIFETIME_S, sessionToken } from "./session-cookie.ts";

const MAX_KEY_CHARS = 256;
const tags = ["access"];
const NO_STORE = { "cache-control": "no-store" };

const sessionSchema = z
  .object({
    signed_in: z.boolean(),
    scope: z.enum(SCOPES).nullable().describe("The scope of the caller; null: the caller has no access"),
    projects: z.array(z.int()).nullable().describe("Ids of the projects that the key is limited to; null: it is not"),
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
  description:
    "Begins a session of 30 days, whose token is kept in a cookie that scripts can't read; it has the scope of the key, and ends with it. Browsers send the cookie only with requests of the hub's own pages.",
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
  description: "Ends the session of the cookie. With `everywhere=true`, all that were begun with the same key.",
  security: [],
  request: { query: z.object({ everywhere: flagSchema.optional() }) },
  responses: { 204: { description: "The caller is signed out" }, ...problems(400, 403, 429) },
});

export const session = routes()
  .openapi(read, async (c) => {
    const credentials = credentialsOf(c);
    const principal = credentials === null ? null : await principalOf(c.var.hub, credentials, { whenAway: true });
    if (principal === null && sessionToken(c) !== null) endSession(c);
    return c.json(sessionView(c, principal), 200, NO_STORE);
  })
  .openapi(signIn, async (c) => {
    refuseOtherSites(c);
    const { key } = c.req.valid("json");
    const principal = await authenticate(c.var.hub, key);
    if (principal === null) {
      noteRefusal(c.var.hub);
      throw new Problem(401, "the key is not valid");
    }
    if (principal.scope === "agent" || principal.scope === "register") {
      throw new Problem(403, `a key of the scope ${principal.scope} is for programs, not for people`);
    }
    await beginSession(c, await sessionOf(principal, key));
    c.set("principal", principal);
    c.var.hub.audit.note("session.begun", principal.scope);
    return c.json(sessionView(c, principal), 200, NO_STORE);
  })
  .openapi(signOut, async (c) => {
    refuseOtherSites(c);
    const { hub } = c.var;
    const token = sessionToken(c);
    endSession(c);
    if (token === null) return c.body(null, 204);
    const hash = await textHash(token);
    const found = c.req.valid("query").everywhere ? await findSession(hub.db, hash, hub.now()) : undefined;
    if (found !== undefined) {
      await deleteSessionsOf(hub.db, "key" in found ? { key_id: found.key.id } : found);
      knownKeys.forgetAll(["key" in found ? found.key.id : null]);
    }
    await deleteSession(hub.db, hash);
    knownKeys.forget(hash);
    return c.body(null, 204);
  });

/** Those of a minute are one entry of the audit log, so that nobody can fill it. */
const refusals = { count: 0, written_at: 0 };
const REFUSALS_GAP_MS = 60_000;

function noteRefusal({ audit, now }: HubContext): void {
  refusals.count += 1;
  if (Math.abs(now() - refusals.written_at) < REFUSALS_GAP_MS) return;
  audit.note("session.refused", "a key that is not valid", [], refusals.count);
  refusals.count = 0;
  refusals.written_at = now();
}

async function sessionOf({ key }: Principal, token: string): Promise<SessionOf> {
  return key === null ? { admin: await adminMark(token) } : { key_id: key };
}

async function beginSession(c: Context<HubEnv>, of: SessionOf): Promise<void> {
  const { hub } = c.var;
  const token = newKey("session");
  const now = hub.now();
  await createSession(hub.db, { hash: await textHash(token), of, now, expires_at: now + SESSION_LIFETIME_S * 1_000 });
  keepSession(c, token);
}

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
    projects: principal?.projects?.slice() ?? null,
    public_read: PUBLIC_READ,
    hub: { id: HUB_ID, name: HUB_NAME ?? HUB_ID, region: HUB_REGION ?? null, version },
  };
}
