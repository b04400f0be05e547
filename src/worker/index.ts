/** The Worker's entry: requests, the cron, the queues, and the classes of its Durable Objects. */

import { isPlausibleTick } from "../core/schedule.ts";
import { parseSettings } from "../core/settings.ts";
import { createApp } from "../http/app.ts";
import { plan } from "../pipeline/plan.ts";
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { consume } from "./consumers.ts";
import { noteAwake, planDeps, tellNats } from "./deps.ts";
import { federate } from "./federation.ts";
import { maintain } from "./maintenance.ts";
import { catchUp } from "./registry.ts";
import { requestContext } from "./request-context.ts";

export { NatsBridge } from "../nats/bridge.ts";
export { Federation } from "../objects/federation.ts";
export { LaneMonitor } from "../objects/lane-monitor.ts";
export { LiveBoard } from "../objects/live-board.ts";
export { PeerLink } from "../objects/peer-link.ts";
export { ProbeRun } from "../objects/probe-run.ts";
export { Prober } from "../objects/prober.ts";

// The app does not know the type of the bindings. wrangler.toml declares exactly these.
const app = createApp((c) => requestContext(c.req.raw, c.env as Bindings, c.executionCtx));

export default {
  fetch: (request, env, ctx) => app.fetch(request, env, ctx),

  async scheduled(event, env, ctx) {
    const settings = parseSettings(env);
    if (!isPlausibleTick(event.scheduledTime, Date.now())) {
      log("error", "tick.refused", { time: event.scheduledTime });
      return;
    }
    ctx.waitUntil(noteAwake(env));
    ctx.waitUntil(maintain(event.scheduledTime, env, settings));
    ctx.waitUntil(catchUp(env));
    ctx.waitUntil(tellNats(env, settings));
    ctx.waitUntil(federate(env, settings));
    try {
      const report = await plan(event.scheduledTime, planDeps(env, settings));
      log("info", "plan.done", { ...report });
    } catch (error) {
      log("error", "plan.given_up", { error: errorText(error) });
    }
  },

  queue: (batch, env, ctx) => consume(batch, env, parseSettings(env), ctx),
} satisfies ExportedHandler<Bindings, string>;
