/** How the objects are addressed. */
import type { Bindings } from "../bindings.ts";
import type { LiveBoard } from "./live-board.ts";
import type { NatsBridge } from "./nats-bridge.ts";
import type { Prober } from "./prober.ts";
import type { ServiceMonitor } from "./service-monitor.ts";

export function monitorOf(env: Bindings, serviceId: number): DurableObjectStub<ServiceMonitor> {
  return env.SERVICE_MONITOR.get(env.SERVICE_MONITOR.idFromName(String(serviceId)));
}

export function boardOf(env: Bindings): DurableObjectStub<LiveBoard> {
  return env.LIVE_BOARD.get(env.LIVE_BOARD.idFromName("board"));
}

export function bridgeOf(env: Bindings): DurableObjectStub<NatsBridge> {
  return env.NATS_BRIDGE.get(env.NATS_BRIDGE.idFromName("bridge"));
}

/** The vantage is a location hint; it counts at the object's first use only. */
export function proberOf(env: Bindings, vantage: string): DurableObjectStub<Prober> {
  const locationHint = vantage as DurableObjectLocationHint; // PROBE_VANTAGES holds location hints only
  return env.PROBER.get(env.PROBER.idFromName(vantage), { locationHint });
}
