/** The hub as it is; `POST /__fill?services=N&each=M&from=S` announces M flips of each of N services, the first with seq S. */
import type { Bindings } from "../../../src/bindings.ts";
import type { RecordedFlip } from "../../../src/core/records.ts";
import hub from "../../../src/index.ts";

/** Above the ids of a hub that uses the same stream later: a stream takes each id once. */
const FIRST_ID = 1_000_000;

export { LiveBoard, NatsBridge, ProbeRun, Prober, ServiceMonitor } from "../../../src/index.ts";

export default {
  ...hub,
  async fetch(request: Request, env: Bindings, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    const bridge = env.NATS_BRIDGE.get(env.NATS_BRIDGE.idFromName("bridge"));
    if (url.pathname === "/__status") return Response.json(await bridge.status());
    if (url.pathname !== "/__fill") return hub.fetch(request as Parameters<typeof hub.fetch>[0], env, ctx);
    const [services, each, from] = ["services", "each", "from"].map((name) => Number(url.searchParams.get(name)));
    const flips: RecordedFlip[] = [];
    for (let seq = from ?? 0; seq < (from ?? 0) + (each ?? 0); seq++) {
      for (let service = 1; service <= (services ?? 0); service++) flips.push(aFlip(FIRST_ID + service, seq));
    }
    await bridge.announceFlips(flips);
    return new Response(String(flips.length));
  },
};

function aFlip(service_id: number, seq: number): RecordedFlip {
  const at = new Date().toISOString();
  return {
    seq,
    service_id,
    project_id: 1,
    project: "shop",
    name: `service-${service_id}`,
    service_type: "api",
    version: "1.0.0",
    latency_ms: 12,
    from: seq % 2 === 0 ? "up" : "down",
    to: seq % 2 === 0 ? "down" : "up",
    reason: "timeout after 5 s: no response headers",
    at,
    began_at: at,
    evidence: [],
  };
}
