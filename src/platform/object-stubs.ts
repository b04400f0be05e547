/** Returns stubs of the Durable Objects: the only place that knows their names. */
import { agentOf } from "../core/records.ts";
import type {
  Bindings,
  FederationRpc,
  LaneMonitorRpc,
  LiveBoardRpc,
  NatsBridgeRpc,
  PeerLinkRpc,
  ProberRpc,
} from "./bindings.ts";

export function laneMonitorOf(env: Bindings, lane: number): DurableObjectStub<LaneMonitorRpc> {
  return env.LANE_MONITOR.get(env.LANE_MONITOR.idFromName(String(lane)));
}

export function boardOf(env: Bindings): DurableObjectStub<LiveBoardRpc> {
  return env.LIVE_BOARD.get(env.LIVE_BOARD.idFromName("board"));
}

export function bridgeOf(env: Bindings): DurableObjectStub<NatsBridgeRpc> {
  return env.NATS_BRIDGE.get(env.NATS_BRIDGE.idFromName("bridge"));
}

export function federationOf(env: Bindings): DurableObjectStub<FederationRpc> {
  return env.FEDERATION.get(env.FEDERATION.idFromName("federation"));
}

export function peerLinkOf(env: Bindings, hubId: string): DurableObjectStub<PeerLinkRpc> {
  return env.PEER_LINK.get(env.PEER_LINK.idFromName(hubId));
}

/** A region is the object's location hint. The hint has an effect only when the object is first used. */
export function proberOf(env: Bindings, vantage: string): DurableObjectStub<ProberRpc> {
  const id = env.PROBER.idFromName(vantage);
  if (agentOf(vantage) !== null) return env.PROBER.get(id);
  const locationHint = vantage as DurableObjectLocationHint; // PROBE_VANTAGES holds no others
  return env.PROBER.get(id, { locationHint });
}
