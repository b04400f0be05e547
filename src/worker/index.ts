/** The hub as a Worker: what comes in over HTTP, by the clock and from the queues. */

import { parseSettings } from "../core/settings.ts";
import { createApp } from "../http/app.ts";
import { plan } from "../pipeline/plan.ts";
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { consume } from "./consumers.ts";
import { planDeps, tellNats } from "./deps.ts";
import { maintain } from "./maintenance.ts";
import { requestContext } from "./request-context.ts";

export { NatsBridge } from "../nats/bridge.ts";
export { LaneMonitor } from "../objects/lane-monitor.ts";
export { LiveBoard } from "../objects/live-board.ts";
export { ProbeRun } from "../objects/probe-run.ts";
export { Prober } from "../objects/prober.ts";

// The app knows no bindings: these are what wrangler.toml gives.
const app = createApp((c) => requestContext(c.req.raw, c.env as Bindings, parseSettings(c.env as Bindings)));

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),

  async scheduled(event, env, ctx) {
    const settings = parseSettings(env);
    ctx.waitUntil(maintain(event.scheduledTime, env, settings));
    ctx.waitUntil(tellNats(env, settings));
    try {
      const report = await plan(event.scheduledTime, planDeps(env, settings));
      log("info", "plan.done", { ...report });
    } catch (error) {
      log("error", "plan.given_up", { error: errorText(error) });
    }
  },

  queue: (batch, env, ctx) => consume(batch, env, parseSettings(env), ctx),
} satisfies ExportedHandler<Bindings, string>;
