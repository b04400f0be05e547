/** Puts a hub together: its requests, its cron, its queues and its objects, all by one clock. */

import { SettingsError } from "../core/hub/settings.ts";
import { isPlausibleTick } from "../core/lane/schedule.ts";
import type { Clock } from "../core/time/clock.ts";
import { createApp } from "../http/app.ts";
import { NatsBridge } from "../nats/bridge.ts";
import { LiveBoard } from "../objects/board/live-board.ts";
import { Federation } from "../objects/federation/federation.ts";
import { PeerLink } from "../objects/federation/peer-link.ts";
import { LaneMonitor } from "../objects/lane/lane-monitor.ts";
import { ProbeRun } from "../objects/prober/probe-run.ts";
import { Prober } from "../objects/prober/prober.ts";
import { plan } from "../pipeline/plan.ts";
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { openDatabase } from "../store/database.ts";
import { eventLog } from "../store/events.ts";
import { boardSteps } from "./board-steps.ts";
import { consume } from "./consumers.ts";
import { lookAtItself, noteTick, planDeps, tellNats } from "./deps.ts";
import { federate } from "./federation.ts";
import { type Hub, hubOf } from "./hub.ts";
import { maintain } from "./maintenance.ts";
import { catchUp } from "./registry.ts";
import { requestContext } from "./request-context.ts";

/** Somebody has to correct a setting. */
const WRONG_SETTINGS_S = 60;

/** Returns the handlers of the Worker's events. */
export function createWorker(clock: Clock): ExportedHandler<Bindings, string> & Required<Handlers> {
  // The app does not know the type of the bindings. wrangler.toml declares exactly these.
  const app = createApp((c) => requestContext(c.req.raw, hubOf(c.env as Bindings, clock), c.executionCtx));
  return {
    fetch: (request, env, ctx) => app.fetch(request, env, ctx),
    scheduled: async (event, env, ctx) => {
      const hub = rightHub(env, clock);
      if (hub !== null) await tick(event.scheduledTime, hub, ctx);
    },
    queue: async (batch, env, ctx) => {
      const hub = rightHub(env, clock);
      if (hub === null) batch.retryAll({ delaySeconds: WRONG_SETTINGS_S });
      else await consume(batch, hub, ctx);
    },
  };
}

/** Null when a setting is wrong: requests are answered so, and what is in the queues waits. */
function rightHub(env: Bindings, clock: Clock): Hub | null {
  try {
    return hubOf(env, clock);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    log("error", "settings.wrong", { error: error.message });
    return null;
  }
}

type Handlers = Pick<ExportedHandler<Bindings, string>, "fetch" | "scheduled" | "queue">;

/** Returns the classes that the runtime makes objects of. It gives them their state and their bindings, and no clock. */
export function createObjects(clock: Clock): Objects {
  return {
    Federation: class extends Federation {
      constructor(ctx: DurableObjectState, env: Bindings) {
        super(ctx, env, clock);
      }
    },
    LaneMonitor: class extends LaneMonitor {
      constructor(ctx: DurableObjectState, env: Bindings) {
        super(ctx, env, clock);
      }
    },
    LiveBoard: class extends LiveBoard {
      constructor(ctx: DurableObjectState, env: Bindings) {
        super(ctx, env, clock, boardSteps(hubOf(env, clock)));
      }
    },
    NatsBridge: class extends NatsBridge {
      constructor(ctx: DurableObjectState, env: Bindings) {
        super(ctx, env, clock, eventLog(openDatabase(env.DB)));
      }
    },
    PeerLink: class extends PeerLink {
      constructor(ctx: DurableObjectState, env: Bindings) {
        super(ctx, env, clock);
      }
    },
    Prober: class extends Prober {
      constructor(ctx: DurableObjectState, env: Bindings) {
        super(ctx, env, clock);
      }
    },
    ProbeRun: class extends ProbeRun {
      constructor(ctx: ExecutionContext, env: Bindings) {
        super(ctx, env, clock);
      }
    },
  };
}

type Made<Context, Entity> = new (ctx: Context, env: Bindings) => Entity;

interface Objects {
  Federation: Made<DurableObjectState, Federation>;
  LaneMonitor: Made<DurableObjectState, LaneMonitor>;
  LiveBoard: Made<DurableObjectState, LiveBoard>;
  NatsBridge: Made<DurableObjectState, NatsBridge>;
  PeerLink: Made<DurableObjectState, PeerLink>;
  Prober: Made<DurableObjectState, Prober>;
  ProbeRun: Made<ExecutionContext, ProbeRun>;
}

async function tick(at: number, hub: Hub, ctx: ExecutionContext): Promise<void> {
  if (!isPlausibleTick(at, hub.clock.now())) {
    log("error", "tick.refused", { time: at });
    return;
  }
  ctx.waitUntil(noteTick(hub));
  ctx.waitUntil(maintain(at, hub));
  ctx.waitUntil(catchUp(hub));
  const told = tellNats(hub);
  ctx.waitUntil(told);
  ctx.waitUntil(federate(hub));
  try {
    const report = await plan(at, planDeps(hub));
    log("info", "plan.done", { ...report });
  } catch (error) {
    log("error", "plan.given_up", { error: errorText(error) });
  }
  ctx.waitUntil(told.then(() => lookAtItself(hub))); // after the plan and a connection that was opened, which it is asked about
}
