/**
 * The Worker as it is deployed, on a platform at its worst: the objects are on another continent, and a part of what the
 * consumers have done comes again.
 */
import type { Bindings } from "../../src/platform/bindings.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { createObjects, createWorker } from "../../src/worker/create-worker.ts";
import { withFarObjects } from "./far-objects.ts";
import { FAR_COUNT_PATH, type FarCount, REPEATED, WAY_MS } from "./far-platform.ts";
import { consumeRepeatedly } from "./repeated-batch.ts";

type ObjectName = {
  [Name in keyof Bindings]: Bindings[Name] extends { idFromName(name: string): unknown } ? Name : never;
}[keyof Bindings];

/** The compiler knows whether they are all. */
const OBJECTS: Record<ObjectName, true> = {
  LANE_MONITOR: true,
  LIVE_BOARD: true,
  PROBER: true,
  NATS_BRIDGE: true,
  FEDERATION: true,
  PEER_LINK: true,
};
const OBJECT_NAMES = Object.keys(OBJECTS).filter((name): name is ObjectName => name in OBJECTS);

type Caller = keyof FarCount["calls"];

const count: FarCount = { calls: { worker: 0, objects: 0 }, messages: 0, repeated: 0 };
/** The hub remembers things by its bindings. */
const known: Record<Caller, WeakMap<Bindings, Bindings>> = { worker: new WeakMap(), objects: new WeakMap() };

function farBindings(env: Bindings, caller: Caller): Bindings {
  const far =
    known[caller].get(env) ??
    withFarObjects(env, OBJECT_NAMES, {
      way: () => systemClock.wait(WAY_MS),
      called() {
        count.calls[caller] += 1;
      },
    });
  known[caller].set(env, far);
  return far;
}

/** Ids of messages that were handled and will come again. */
const handled = new Set<string>();
const repeats = {
  isRepeated: () => Math.random() < REPEATED,
  repeated: (id: string) => void handled.add(id),
};

/** The platform gives an object its bindings. */
function farObject<Context, Entity extends object>(
  near: new (ctx: Context, env: Bindings) => Entity,
): new (
  ctx: Context,
  env: Bindings,
) => Entity {
  return new Proxy(near, {
    construct: (target, [ctx, env], made) => Reflect.construct(target, [ctx, farBindings(env, "objects")], made),
  });
}

const near = createObjects(systemClock);

export const Federation = farObject(near.Federation);
export const LaneMonitor = farObject(near.LaneMonitor);
export const LiveBoard = farObject(near.LiveBoard);
export const NatsBridge = farObject(near.NatsBridge);
export const PeerLink = farObject(near.PeerLink);
export const Prober = farObject(near.Prober);
export const ProbeRun = farObject(near.ProbeRun);

const worker = createWorker(systemClock);

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === FAR_COUNT_PATH) return Response.json(count);
    return worker.fetch(request, farBindings(env, "worker"), ctx);
  },
  scheduled: (event, env, ctx) => worker.scheduled(event, farBindings(env, "worker"), ctx),
  async queue(batch, env, ctx) {
    const consume = async (given: typeof batch) => worker.queue(given, farBindings(env, "worker"), ctx);
    if (batch.queue.endsWith("-dead")) return await consume(batch);
    for (const { id, attempts } of batch.messages) {
      if (attempts === 1) count.messages += 1;
      if (handled.delete(id)) count.repeated += 1;
    }
    await consumeRepeatedly(batch, consume, repeats);
  },
} satisfies ExportedHandler<Bindings, string>;
