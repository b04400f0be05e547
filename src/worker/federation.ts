/** Joins the federation with the rest of the hub: what the cron and the API need of it. */
import type { FederationContext } from "../http/context.ts";
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { federationOf, peerLinkOf } from "../platform/object-stubs.ts";
import type { Hub } from "./hub.ts";

export function federationContext(env: Bindings, requestIp: string): FederationContext {
  const federation = federationOf(env);
  const link = (hubId: string) => peerLinkOf(env, hubId);
  return {
    document: async () => federation.document(),
    join: async (url) => federation.join(url, "asked"),
    register: async (registration, request) => federation.register(registration, request, requestIp),
    approve: async (hubId, kid) => federation.approve(hubId, kid),
    markSecret: () => markSecretOf(env),
    signAnswer: async (answer, request, knownKid) => federation.signAnswer(answer, request, knownKid),
    remove: async (hubId) => federation.remove(hubId),
    left: async (hubId) => federation.left(hubId),
    rotateKey: async () => federation.rotateKey(),
    websocket: (request) => federation.fetch(request),
    noteNonce: async (hubId, nonce) => link(hubId).noteNonce(nonce),
    take: async (hubId, events, kid) => link(hubId).take(hubId, events, kid),
    wake: async (hubId) => link(hubId).wake(hubId),
  };
}

/** It never changes, so an instance of the Worker asks once. */
const markSecrets = new WeakMap<object, string>();

async function markSecretOf(env: Bindings): Promise<string> {
  const known = markSecrets.get(env.FEDERATION);
  if (known !== undefined) return known;
  const secret = await federationOf(env).markSecret();
  markSecrets.set(env.FEDERATION, secret);
  return secret;
}

/** Called each minute. A hub without a public address has nobody to tell of. */
export async function federate({ env, settings }: Hub): Promise<void> {
  if (settings.HUB_URL === undefined) return;
  try {
    await federationOf(env).tick();
  } catch (error) {
    log("error", "federation.tick_failed", { error: errorText(error) });
  }
}
