/** Requests that another hub signed: who it is, and whether it may. */
import type { Context } from "hono";
import { importPublicKey } from "../federation/keys.ts";
import { SignatureRefused, verifyRequest } from "../federation/signatures.ts";
import type { ArrivedRequest } from "../platform/bindings.ts";
import { log } from "../platform/log.ts";
import type { HubRow } from "../store/federation-tables.ts";
import { hubOfKey } from "../store/hubs.ts";
import type { HubContext, HubEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/** The request with the address that the other hub called. A proxy in front of this hub may have changed it. */
export async function arrivedRequest(c: Context<HubEnv>): Promise<ArrivedRequest> {
  const { pathname, search, origin } = new URL(c.req.url);
  const base = c.var.hub.settings.HUB_URL?.replace(/\/+$/, "") ?? origin;
  const body = c.req.method === "GET" ? null : await c.req.text();
  return { method: c.req.method, url: `${base}${pathname}${search}`, headers: [...c.req.raw.headers], body };
}

/** Returns the hub that signed the request. Throws a 401, a 403 or a 429, and logs why. */
export async function signedBy(c: Context<HubEnv>): Promise<{ peer: HubRow; body: string | null }> {
  const { hub } = c.var;
  try {
    return await checkedSigner(hub, await arrivedRequest(c));
  } catch (error) {
    const refused = error instanceof SignatureRefused ? new Problem(401, error.message) : error;
    if (refused instanceof Problem) {
      log("warn", "federation.refused", { path: c.req.path, caller: hub.requestIp, reason: refused.message });
    }
    throw refused;
  }
}

async function checkedSigner(hub: HubContext, request: ArrivedRequest): Promise<{ peer: HubRow; body: string | null }> {
  let peer: HubRow | undefined;
  const keyOf = async (kid: string) => {
    peer = await hubOfKey(hub.db, kid);
    const key = peer?.keys.find((each) => each.kid === kid);
    const ended = key?.not_after != null && Date.parse(key.not_after) <= hub.now();
    return key === undefined || ended ? null : await importPublicKey(key);
  };
  const { nonce } = await verifyRequest({ ...request, headers: new Headers(request.headers) }, keyOf, hub.now());
  if (peer === undefined) throw new SignatureRefused("the key belongs to no hub that this one trusts");
  if (peer.trust !== "approved") throw new Problem(403, "this hub waits for the approval of an admin here");
  const used = await hub.federation.noteNonce(peer.hub_id, nonce);
  if (used === "used") throw new SignatureRefused("the request was sent before");
  if (used === "full") throw new Problem(429, "too many requests of this hub", { headers: { "retry-after": "60" } });
  // A hub that calls is there again.
  if (peer.status !== "up") await hub.federation.wake(peer.hub_id);
  return { peer, body: request.body };
}
