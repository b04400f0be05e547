/** Requests that another hub signed: who it is, and whether it may; and the answers to them, which are signed as well. */
import type { Context } from "hono";
import { importPublicKey } from "../../federation/keys.ts";
import { isUsable, withUsed } from "../../federation/known-keys.ts";
import { type KeyOf, SignatureRefused, verifyRequest } from "../../federation/signatures.ts";
import type { ArrivedRequest } from "../../platform/bindings.ts";
import { log } from "../../platform/log.ts";
import { getHub, hubOfKey, saveKeys } from "../../store/federation/hubs.ts";
import type { HubRow } from "../../store/tables/federation-tables.ts";
import type { HubContext, HubEnv } from "../context.ts";
import { Problem } from "../problem.ts";

/** The request with the address that the other hub called. A proxy in front of this hub may have changed it. */
export async function arrivedRequest(c: Context<HubEnv>): Promise<ArrivedRequest> {
  const { pathname, search, origin } = new URL(c.req.url);
  const base = c.var.hub.settings.HUB_URL?.replace(/\/+$/, "") ?? origin;
  const body = c.req.method === "GET" ? null : await c.req.text();
  return { method: c.req.method, url: `${base}${pathname}${search}`, headers: [...c.req.raw.headers], body };
}

/** The signer of a request, and the request as it arrived. */
export interface Signer {
  peer: HubRow;
  kid: string;
  request: ArrivedRequest;
}

/**
 * Returns the hub that signed the request. Throws a 401, a 403 or a 429, and logs why. `claimed`: the hub that the caller
 * says it is: a key that this hub has listed, and not used before, counts from now on.
 */
export async function signedBy(c: Context<HubEnv>, claimed?: string): Promise<Signer> {
  const { hub } = c.var;
  try {
    return await checkedSigner(hub, await arrivedRequest(c), claimed);
  } catch (error) {
    const refused = error instanceof SignatureRefused ? new Problem(401, error.message) : error;
    if (refused instanceof Problem) {
      log("warn", "federation.refused", { path: c.req.path, caller: hub.requestIp, reason: refused.message });
    }
    throw refused;
  }
}

async function checkedSigner(hub: HubContext, request: ArrivedRequest, claimed: string | undefined): Promise<Signer> {
  let peer: HubRow | undefined;
  const keyOf = async (kid: string) => {
    peer = (await hubOfKey(hub.db, kid)) ?? (claimed === undefined ? undefined : await getHub(hub.db, claimed));
    const key = peer?.keys.find((each) => each.kid === kid);
    return key === undefined || !isUsable({ ...key, used: true }, hub.now()) ? null : await importPublicKey(key);
  };
  const { kid, nonce } = await verified(request, keyOf, hub.now());
  if (peer === undefined) throw new SignatureRefused("the key belongs to no hub that this one trusts");
  if (peer.trust === "removed") throw new Problem(403, "this hub was removed here");
  if (peer.trust !== "approved") throw new Problem(403, "this hub waits for the approval of an admin here");
  const used = await hub.federation.noteNonce(peer.hub_id, nonce);
  if (used === "used") throw new SignatureRefused("the request was sent before");
  if (used === "full") throw new Problem(429, "too many requests of this hub", { headers: { "retry-after": "60" } });
  if (!peer.keys.some((key) => key.kid === kid && isUsable(key, hub.now()))) {
    await saveKeys(hub.db, peer.hub_id, withUsed(peer.keys, kid), hub.now());
  }
  // A hub that calls is there again.
  if (peer.status !== "up") await hub.federation.wake(peer.hub_id);
  return { peer, kid, request };
}

/** The caller must see for which address a signature was expected: a proxy may stand between, or it uses another name. */
async function verified(request: ArrivedRequest, keyOf: KeyOf, now: number) {
  try {
    return await verifyRequest({ ...request, headers: new Headers(request.headers) }, keyOf, now);
  } catch (error) {
    if (!(error instanceof SignatureRefused) || !/signature is not valid/.test(error.message)) throw error;
    throw new SignatureRefused(`${error.message}; expected for ${request.method} ${request.url}`);
  }
}

/** Answers with a signature. `knownKid`: the key of this hub that the caller knows; null: none. */
export async function signedAnswer(
  c: Context<HubEnv>,
  {
    status,
    body = null,
    headers = {},
  }: { status: 200 | 202 | 204; body?: object | null; headers?: Record<string, string> },
  request: ArrivedRequest,
  knownKid: string | null,
): Promise<Response> {
  const text = body === null ? null : JSON.stringify(body);
  const signature = await c.var.hub.federation.signAnswer({ status, body: text }, request, knownKid);
  const type: Record<string, string> = text === null ? {} : { "content-type": "application/json" };
  return new Response(text, { status, headers: { ...headers, ...type, ...signature } });
}
