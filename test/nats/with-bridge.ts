/** Bridges in the runtime, and flips for them. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { RecordedFlip } from "../../src/core/records.ts";
import { NatsBridge } from "../../src/nats/bridge.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { T0 } from "../core/fixtures.ts";
import { TEST_PASSWORD } from "../servers/test-servers.ts";

export const LOGIN = { NATS_USER: "hub", NATS_PASSWORD: TEST_PASSWORD };

export const withVars = (vars: Record<string, string>) => Object.assign({}, env, vars);

/** A bridge with settings of its own, in an object of its own. */
export async function withBridge<T>(
  vars: Record<string, string>,
  use: (bridge: NatsBridge, ctx: DurableObjectState) => Promise<T>,
): Promise<T> {
  const stub = env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId());
  return runInDurableObject(stub, async (_, ctx) => {
    return use(new NatsBridge(ctx, withVars({ HUB_ID: `hub-${crypto.randomUUID()}`, ...vars }), systemClock), ctx);
  });
}

export const aFlip = (service_id: number, seq: number): RecordedFlip => ({
  seq,
  service_id,
  project_id: 1,
  epoch: "",
  project: "shop",
  name: `service-${service_id}`,
  service_type: "api",
  version: null,
  latency_ms: 3,
  from: "up",
  to: "down",
  reason: "connect: refused",
  at: new Date(T0).toISOString(),
  began_at: new Date(T0).toISOString(),
  evidence: [],
});
