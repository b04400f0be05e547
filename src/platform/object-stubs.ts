/**
 * Returns stubs of the Durable Objects: the only place that knows their names. An object stays where it is first used,
 * and Cloudflare runs a cron wherever there is room; so each first use names the hub's region.
 */

import { locationHint } from "../core/hub/nearness.ts";
import { agentOf } from "../core/service/records.ts";
import type { Bindings, FederationRpc, LaneMonitorRpc, NatsBridgeRpc, PeerLinkRpc, ProberRpc } from "./bindings.ts";
import type { LiveBoardRpc } from "./board-rpc.ts";

export function laneMonitorOf(env: Bindings, lane: number): DurableObjectStub<LaneMonitorRpc> {
  return env.LANE_MONITOR.get(env.LANE_MONITOR.idFromName(String(lane)), inRegion(env));
}

export function boardOf(env: Bindings): DurableObjectStub<LiveBoardRpc> {
  return env.LIVE_BOARD.get(env.LIVE_BOARD.idFromName("board"), inRegion(env));
}

export function bridgeOf(env: Bindings): DurableObjectStub<NatsBridgeRpc> {
  return env.NATS_BRIDGE.get(env.NATS_BRIDGE.idFromName("bridge"), inRegion(env));
}

export function federationOf(env: Bindings): DurableObjectStub<FederationRpc> {
  return env.FEDERATION.get(env.FEDERATION.idFromName("federation"), inRegion(env));
}

export function peerLinkOf(env: Bindings, hubId: string): DurableObjectStub<PeerLinkRpc> {
  return env.PEER_LINK.get(env.PEER_LINK.idFromName(hubId), inRegion(env));
}

/** A region is the object's location hint. The hint has an effect only when the object is first used. */
export function proberOf(env: Bindings, vantage: string): DurableObjectStub<ProberRpc> {
  const id = env.PROBER.idFromName(vantage);
  if (agentOf(vantage) !== null) return env.PROBER.get(id, inRegion(env));
  const locationHint = vantage as DurableObjectLocationHint; // PROBE_VANTAGES holds no others
  return env.PROBER.get(id, { locationHint });
}

/** The setting is read here and not parsed with all others: a stub is made for each call. */
function inRegion(env: object): { locationHint?: DurableObjectLocationHint } {
  const region: unknown = Reflect.get(env, "HUB_REGION");
  const hint = typeof region === "string" ? locationHint(region) : null;
  return hint === null ? {} : { locationHint: hint as DurableObjectLocationHint }; // PLACES are all that there are
}
