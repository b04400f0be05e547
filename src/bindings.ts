/** What wrangler.toml binds to the Worker; settings beside them are read through env.ts only. */
import type { LiveBoard } from "./objects/live-board.ts";
import type { NatsBridge } from "./objects/nats-bridge.ts";
import type { ProbeRun } from "./objects/probe-run.ts";
import type { Prober } from "./objects/prober.ts";
import type { ServiceMonitor } from "./objects/service-monitor.ts";

export interface Bindings {
  DB: D1Database;
  ASSETS: Fetcher;
  PROBES: Queue<string>;
  OUTCOMES: Queue<string>;
  SERVICE_MONITOR: DurableObjectNamespace<ServiceMonitor>;
  LIVE_BOARD: DurableObjectNamespace<LiveBoard>;
  PROBER: DurableObjectNamespace<Prober>;
  REQUEST_LIMIT: RateLimit;
  NATS_BRIDGE: DurableObjectNamespace<NatsBridge>;
}

declare global {
  namespace Cloudflare {
    interface GlobalProps {
      /** What `ctx.exports` offers. */
      mainModule: { ProbeRun: typeof ProbeRun };
    }
  }
}
