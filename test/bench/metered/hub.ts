/** The hub as it is, its bindings metered; `GET /api/__counts` tells what was counted so far. */
import { DurableObject } from "cloudflare:workers";
import type { Bindings } from "../../../src/platform/bindings.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { mergeDays } from "../../../src/store/history/daily-rollups.ts";
import { applyRetention } from "../../../src/store/history/retention.ts";
import { rollupHours } from "../../../src/store/history/rollups.ts";
import hub, * as objects from "../../../src/worker/index.ts";
import { Meter, meteredBindings, meterStorage } from "./bindings.ts";

const RAW_HOURS = 48;

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

export { ProbeRun } from "../../../src/worker/index.ts";

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

/** The names of the methods of the class, its own and those of the classes that it extends, but for the runtime's. */
function methodsOf({ prototype }: { prototype: object }): string[] {
  const names = new Set<string>();
  for (let each = prototype; each !== DurableObject.prototype; each = Object.getPrototypeOf(each)) {
    for (const name of Object.getOwnPropertyNames(each)) names.add(name);
  }
  return [...names];
}

/** Every method of the class that can be called from outside is timed; its alarms are counted. */
function timeMethods(timed: { prototype: object }, base: { prototype: object }): void {
  for (const name of methodsOf(base)) {
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

/** A cron does this a little each minute, and none believes a time that is days ahead. */
async function keepHouse(env: Bindings, now: number): Promise<Response> {
  const db = openDatabase(meteredBindings(env, meter, "cron").DB, null);
  while ((await rollupHours(db, now)).more);
  while ((await applyRetention(db, now, RAW_HOURS)).more);
  while ((await mergeDays(db, now)).more);
  while ((await applyRetention(db, now, RAW_HOURS)).more);
  return new Response("done");
}

export default {
  fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/api/__counts") return Response.json(meter.counts);
    if (pathname === "/api/__keep-house") return keepHouse(env, Number(searchParams.get("now")));
    meter.counts.http_requests += 1;
    return hub.fetch(request, meteredBindings(env, meter, "http"), ctx);
  },

  scheduled(event, env, ctx) {
    meter.counts.cron_runs += 1;
    return hub.scheduled(event, meteredBindings(env, meter, "cron"), ctx);
  },

  /**
   * The local queue starts no batch before the last one has ended, and few a second; Cloudflare has hundreds of consumers
   * at once. So the rounds of a batch run as if each message had an invocation of its own, as in wrangler.toml.
   */
  async queue(batch, env, ctx) {
    meter.counts.queue_messages_read += batch.messages.length;
    const bindings = meteredBindings(env, meter, "queue");
    const parts = batch.queue.endsWith("-probes") ? batch.messages.map((message) => [message]) : [batch.messages];
    meter.counts.consumer_runs += parts.length;
    for (const messages of parts) {
      const { queue, metadata } = batch;
      const part = { queue, metadata, messages, ackAll: () => batch.ackAll(), retryAll: () => batch.retryAll() };
      ctx.waitUntil(Promise.resolve(hub.queue(part, bindings, ctx)));
    }
  },
} satisfies ExportedHandler<Bindings, string>;
