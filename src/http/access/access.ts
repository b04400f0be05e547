/** Access control: API keys, the admin token, scopes, rate limits. */
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { findKey, type KeyRow, noteKeyUse } from "../../store/access/keys.ts";
import { findSession } from "../../store/access/sessions.ts";
import type { Scope } from "../../store/tables/hub-tables.ts";
import type { HubContext, HubEnv, Principal } from "../context.ts";
import { Problem } from "../problem.ts";
import { knownKeys } from "./known-keys.ts";
import { type ProjectFrom, requireReach } from "./reach.ts";
import { isSameOrigin, sessionToken } from "./session-cookie.ts";

/** A scope includes the scopes of lower rank. `agent` and `register` open only the routes that allow them. */
const RANK: Record<Scope, number> = { agent: 0, register: 0, read: 1, write: 2, admin: 3 };
type RequiredScope = Exclude<Scope, "agent" | "register">;

const MAX_BODY_BYTES = 256 * 1_024;
const SAFE_METHODS = new Set(["GET", "HEAD"]);
/** All keys are shorter. Longer tokens are refused before they are hashed. */
const MAX_TOKEN_CHARS = 256;
const KEY_BYTES = 32;
/** The caller with the admin token. */
const ADMIN: Principal = { scope: "admin", agent: null, projects: null, key: null };

export const limitBody = bodyLimitOf(MAX_BODY_BYTES);

function bodyLimitOf(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () => {
      throw new Problem(413, `the body is larger than ${maxSize} bytes`);
    },
  });
}

/**
 * Returns the security requirement for a route definition, and a middleware that checks it before the body is read.
 */
export function guard(need: RequiredScope, options: GuardOptions = {}) {
  const limit = options.maxBytes === undefined ? limitBody : bodyLimitOf(options.maxBytes);
  const middleware: MiddlewareHandler<HubEnv> = async (c, next) => {
    const { hub } = c.var;
    const credentials = credentialsOf(c);
    if (credentials?.from === "cookie" && !SAFE_METHODS.has(c.req.method) && !isSameOrigin(c)) {
      throw new Problem(403, "a page of another site may not act for who is signed in here");
    }
    const principal = credentials === null ? null : await principalOf(hub, credentials, options);
    const allowed = authorize(hub, principal, credentials !== null, need, options);
    c.set("principal", allowed);
    await requireReach(c, allowed, options.project);
    return limit(c, next);
  };
  const roles: Scope[] = [
    need,
    ...(options.agent ? ["agent" as const] : []),
    ...(options.register ? ["register" as const] : []),
  ];
  return { middleware, security: roles.map((role) => ({ bearer: [role] })) };
}

/**
 * Returns the principal when it has the scope. Throws a 401 or 403 otherwise. `presented`: the caller sent credentials.
 */
export function authorize(
  hub: HubContext,
  principal: Principal | null,
  presented: boolean,
  need: RequiredScope,
  options: Pick<GuardOptions, "agent" | "register"> = {},
): Principal {
  const isPublic = need === "read" && hub.settings.PUBLIC_READ;
  if (principal === null) {
    if (isPublic && !presented) return { scope: "read", agent: null, projects: null, key: null };
    throw unauthorized(presented);
  }
  const { scope } = principal;
  const isAllowed = (scope === "agent" && options.agent) || (scope === "register" && options.register);
  if (isPublic || isAllowed || hasScope(principal, need)) return principal;
  throw new Problem(403, `this needs the scope ${need}; the key has ${scope}`);
}

export function hasScope({ scope }: Principal, need: RequiredScope): boolean {
  return RANK[scope] >= RANK[need];
}

interface GuardOptions extends WhenAway {
  /** Keys of the scope `agent` are allowed, too. */
  agent?: boolean;
  /** Keys of the scope `register` are allowed, too. */
  register?: boolean;
  /** Absent: the route is closed to keys that are limited to projects. */
  project?: ProjectFrom;
  /** Of the body, when it may be larger than others. */
  maxBytes?: number;
}

interface WhenAway {
  /** While the database is away, a key that was valid lately counts. */
  whenAway?: boolean;
}

/** Returns the caller with these credentials; null: the hub knows none. */
export async function principalOf(
  hub: HubContext,
  { token, from }: Credentials,
  options: WhenAway = {},
): Promise<Principal | null> {
  return from === "cookie" ? await sessionPrincipal(hub, token, options) : await authenticate(hub, token, options);
}

/** The token of a session counts in the cookie only. */
async function sessionPrincipal(hub: HubContext, token: string, options: WhenAway): Promise<Principal | null> {
  if (token.length > MAX_TOKEN_CHARS) return null;
  const hash = await textHash(token);
  return await remembering(hub, hash, options, async () => {
    const found = await findSession(hub.db, hash, hub.now());
    if (found === undefined) return null;
    if ("key" in found) return principalOfKey(found.key);
    const { HUB_ADMIN_TOKEN } = hub.settings;
    const isAdmin = HUB_ADMIN_TOKEN !== undefined && found.admin === (await adminMark(HUB_ADMIN_TOKEN));
    return isAdmin ? ADMIN : null;
  });
}

/** Names the admin token in a session: with another token it ends. */
export async function adminMark(token: string): Promise<string> {
  return await textHash(`session of ${token}`);
}

/** Returns null when no key matches. The admin token needs no database, so it works while the database is down. */
export async function authenticate(hub: HubContext, token: string, options: WhenAway = {}): Promise<Principal | null> {
  if (token.length > MAX_TOKEN_CHARS) return null;
  const digest = await sha256(token);
  const { HUB_ADMIN_TOKEN } = hub.settings;
  if (HUB_ADMIN_TOKEN !== undefined && crypto.subtle.timingSafeEqual(digest, await sha256(HUB_ADMIN_TOKEN))) {
    return ADMIN;
  }
  return await findPrincipal(hub, toHex(digest), options);
}

async function findPrincipal(hub: HubContext, hash: string, options: WhenAway): Promise<Principal | null> {
  return await remembering(hub, hash, options, async () => {
    const key = await findKey(hub.db, hash);
    if (key === undefined) return null;
    await noteKeyUse(hub.db, key, hub.now()).catch(() => {}); // a database that is full or read-only shuts nobody out
    return principalOfKey(key);
  });
}

function principalOfKey({
  id,
  scope,
  agent,
  projects,
}: Pick<KeyRow, "id" | "scope" | "agent" | "projects">): Principal {
  return { scope, agent, projects, key: id };
}

async function remembering(
  hub: HubContext,
  hash: string,
  { whenAway }: WhenAway,
  find: () => Promise<Principal | null>,
): Promise<Principal | null> {
  try {
    const principal = await find();
    if (principal === null) knownKeys.forget(hash);
    else knownKeys.remember(hash, principal, hub.now());
    return principal;
  } catch (error) {
    const known = whenAway === true ? knownKeys.recall(hash, hub.now()) : null;
    if (known === null) throw error;
    return known;
  }
}

interface Credentials {
  token: string;
  from: "header" | "cookie";
}

/** The `Authorization` header takes precedence over the session cookie. */
export function credentialsOf(c: Context): Credentials | null {
  const token = bearerToken(c.req.header("authorization"));
  if (token !== null) return { token, from: "header" };
  const session = sessionToken(c);
  return session === null ? null : { token: session, from: "cookie" };
}

/**
 * Returns the token of `Bearer TOKEN` (RFC 6750), or null without a header. A malformed header returns "", which is
 * refused like a wrong key.
 */
export function bearerToken(header: string | undefined): string | null {
  if (header === undefined) return null;
  return /^Bearer +([^\s]+) *$/i.exec(header)?.[1] ?? "";
}

/** Returns the SHA-256 of the key in hex. The database stores keys in this form. */
export async function keyHash(key: string): Promise<string> {
  return await textHash(key);
}

/** Returns the SHA-256 of the text in hex. */
export async function textHash(text: string): Promise<string> {
  return toHex(await sha256(text));
}

/** Returns 32 random bytes in base64url, behind a word that says what they are. */
export function newKey(kind: "hub" | "session" = "hub"): string {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return `${kind}_${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}`;
}

/** By so many characters a person recognises a key, and nobody guesses the rest. */
const PREFIX_CHARS = 10;

/** A new API key, and what of it is stored. */
export async function newApiKey(): Promise<{ key: string; hash: string; prefix: string }> {
  const key = newKey();
  return { key, hash: await keyHash(key), prefix: key.slice(0, PREFIX_CHARS) };
}

/** Limits the requests of each IP address. It runs before any costly work. */
export async function rateLimit(c: Context<HubEnv>, next: () => Promise<void>): Promise<void> {
  if (await c.var.hub.limited(`ip:${c.var.hub.requestIp}`)) {
    throw new Problem(429, "too many requests", { headers: { "retry-after": "10" } });
  }
  await next();
}

function unauthorized(presented: boolean): Problem {
  const challenge = `Bearer realm="commandcenter-hub"${presented ? ', error="invalid_token"' : ""}`;
  const detail = presented ? "the key is not valid" : "a key is needed: Authorization: Bearer KEY";
  return new Problem(401, detail, { headers: { "www-authenticate": challenge } });
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

function toHex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
