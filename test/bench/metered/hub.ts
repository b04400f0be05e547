/** The hub as it is, its bindings metered; `GET /api/__counts` tells what was counted so far. */
import type { Bindings } from "../../../src/platform/bindings.ts";
import hub, * as objects from "../../../src/worker/index.ts";
import { Meter, meteredBindings, meterStorage } from "./bindings.ts";

/** One for all: the worker and its objects share an isolate, and only here do they meet. */
const meter = new Meter();

export class LaneMonitor extends objects.LaneMonitor {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(meterStorage(ctx, meter), meteredBindings(env, meter, "objects"));
  }
}

export class LiveBoard extends objects.LiveBoard {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(meterStorage(ctx, meter), meteredBindings(env, meter, "objects"));
  }
}

export class Prober extends objects.Prober {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, meteredBindings(env, meter, "objects"));
  }
}

export class NatsBridge extends objects.NatsBridge {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(meterStorage(ctx, meter), meteredBindings(env, meter, "objects"));
  }
}

export class Federation extends objects.Federation {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(meterStorage(ctx, meter), meteredBindings(env, meter, "objects"));
  }
}

export class PeerLink extends objects.PeerLink {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(meterStorage(ctx, meter), meteredBindings(env, meter, "objects"));
  }
}

for (const level of ["info", "warn", "error"] as const) {
  const write = console[level];
  console[level] = (...args: unknown[]) => {
    meter.counts.log_lines += 1;
    write(...args);
  };
}

/** Every method of the class that can be called from outside is timed; its alarms are counted. */
function timeMethods(timed: { prototype: object }, base: { prototype: object }): void {
  for (const name of Object.getOwnPropertyNames(base.prototype)) {
    const method: unknown = Reflect.get(base.prototype, name);
    if (name === "constructor" || typeof method !== "function") continue;
    const value = function (this: { ctx: DurableObjectState }, ...args: unknown[]) {
      if (name === "alarm") meter.counts.object_alarms += 1;
      return meter.activity.during(String(this.ctx.id), async () => Reflect.apply(method, this, args));
    };
    Object.defineProperty(timed.prototype, name, { value });
  }
}

timeMethods(LaneMonitor, objects.LaneMonitor);
timeMethods(LiveBoard, objects.LiveBoard);
timeMethods(Prober, objects.Prober);
timeMethods(Federation, objects.Federation);
timeMethods(PeerLink, objects.PeerLink);

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/api/__counts") return Response.json(meter.counts);
    meter.counts.http_requests += 1;
    return hub.fetch(request, meteredBindings(env, meter, "http"), ctx);
  },

  scheduled(event, env, ctx) {
    meter.counts.cron_runs += 1;
    return hub.scheduled(event, meteredBindings(env, meter, "cron"), ctx);
  },

  /** The local queue starts no batch before the last one has ended; Cloudflare has hundreds of consumers at once. */
  async queue(batch, env, ctx) {
    meter.counts.consumer_runs += 1;
    meter.counts.queue_messages_read += batch.messages.length;
    ctx.waitUntil(Promise.resolve(hub.queue(batch, meteredBindings(env, meter, "queue"), ctx)));
  },
} satisfies ExportedHandler<Bindings, string>;
