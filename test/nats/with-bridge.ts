/** Bridges in the runtime, and flips for them. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { ProjectLite } from "../../src/core/board/live-protocol.ts";
import { flipKey, loggedServiceSchema } from "../../src/core/hub/events.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { NatsBridge } from "../../src/nats/bridge.ts";
import type { Bindings } from "../../src/platform/bindings.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase, runBatch } from "../../src/store/database.ts";
import { eventLog } from "../../src/store/events.ts";
import { events } from "../../src/store/tables/hub-tables.ts";
import { T0 } from "../core/fixtures.ts";
import { TEST_PASSWORD } from "../servers/test-servers.ts";

export const LOGIN = { NATS_USER: "hub", NATS_PASSWORD: TEST_PASSWORD };

export const withVars = (vars: Record<string, string>) => Object.assign({}, env, vars);

const db = openDatabase(env.DB);
/** All bridges of a file share one log. */
let life = 0;

export const aBridge = (ctx: DurableObjectState, vars: Bindings) =>
  new NatsBridge(ctx, vars, systemClock, eventLog(db));

/** A bridge with settings of its own, in an object of its own. It tells what comes into the log from now on. */
export async function withBridge<T>(
  vars: Record<string, string>,
  use: (bridge: NatsBridge, ctx: DurableObjectState) => Promise<T>,
): Promise<T> {
  const stub = env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId());
  life += 1;
  const { end } = await eventLog(db).start();
  return runInDurableObject(stub, async (_, ctx) => {
    ctx.storage.kv.put("log", { ...end, at: Date.now() });
    return use(aBridge(ctx, withVars({ HUB_ID: `hub-${crypto.randomUUID()}`, ...vars })), ctx);
  });
}

/** Writes events to the log, and wakes the bridge. */
async function tell(bridge: NatsBridge, rows: (typeof events.$inferInsert)[]): Promise<void> {
  const statements = rows.map((row) =>
    db
      .insert(events)
      .values({ ...row, key: `${life} ${row.key}` })
      .onConflictDoNothing({ target: events.key }),
  );
  await runBatch(db, statements);
  bridge.wake();
}

const at = () => Date.now();

export async function tellFlips(bridge: NatsBridge, flips: readonly RecordedFlip[]): Promise<void> {
  await tell(
    bridge,
    flips.map((flip) => ({ at: at(), kind: "flip", key: flipKey(flip), body: JSON.stringify(flip) })),
  );
}

export async function tellServices(bridge: NatsBridge, kind: "registered" | "deregistered", checks: readonly Check[]) {
  await tell(
    bridge,
    checks.map((check) => ({
      at: at(),
      kind,
      key: `${kind}:${check.epoch}:${check.service_id}:${check.rev}`,
      body: JSON.stringify(loggedServiceSchema.parse(check)),
    })),
  );
}

export async function tellProject(bridge: NatsBridge, project: ProjectLite): Promise<void> {
  await tell(bridge, [{ at: at(), kind: "project", key: `project:${project.id}`, body: JSON.stringify(project) }]);
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
