/** What tests and benchmarks of a hub with NATS share: settings, heartbeat services, and what the stream holds. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { z } from "zod";
import { NATS_PASSWORD } from "../servers/nats.ts";
import type { HubProcess } from "./hub-process.ts";

const FETCH_LIMIT_MS = 5_000;
const BATCH = 5_000;
const RECONNECT_MS = 200;

export interface KeptEvent {
  /** `ce-id`. */
  id: string;
  subject: string;
}

export function natsVars(hubId: string, url: string): Record<string, string> {
  return { HUB_ID: hubId, NATS_URL: url, NATS_USER: hubId, NATS_PASSWORD };
}

/** An ordinary client of the core, which outlives the core's absence. */
export function connectCore(url: string): Promise<NatsConnection> {
  return connect({ servers: url, waitOnFirstConnect: true, maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS });
}

/** How many messages HUB_EVENTS holds. */
export async function countKept(core: NatsConnection): Promise<number> {
  return (await (await jetstreamManager(core)).streams.info("HUB_EVENTS")).state.messages;
}

/** Everything in HUB_EVENTS, in its order. */
export async function keptEvents(core: NatsConnection): Promise<KeptEvent[]> {
  return (await keptMessages(core)).map(({ id, subject }) => ({ id: withoutEpoch(id), subject }));
}

/** The same with the ids as they are: release 0.2.0 gave them no epoch. */
export async function keptMessages(core: NatsConnection): Promise<KeptEvent[]> {
  const total = await countKept(core);
  const consumer = await jetstream(core).consumers.get("HUB_EVENTS");
  const kept: KeptEvent[] = [];
  while (kept.length < total) {
    const asked = Math.min(BATCH, total - kept.length);
    const before = kept.length;
    for await (const { headers, subject } of await consumer.fetch({ max_messages: asked, expires: FETCH_LIMIT_MS })) {
      kept.push({ id: headers?.get("ce-id") ?? "", subject });
      if (kept.length - before === asked) break;
    }
    if (kept.length === before) throw new Error(`the stream gave ${kept.length} of ${total} messages`);
  }
  return kept;
}

/** Takes the epoch out of `{hub_id}:{epoch}:{service_id}:…`; a database of a test has only one. Throws when there is none. */
export function withoutEpoch(id: string): string {
  if (/:summary:|:peer:|:project-/.test(id)) return id;
  const [whole, hub, rest] = /^([^:]+):[0-9a-f]{20}:(.+)$/.exec(id) ?? [];
  if (whole === undefined) throw new Error(`no epoch in ${id}`);
  return `${hub}:${rest}`;
}

/** Registers a service that calls in; answers its id. */
/** `health_interval`: seconds. */
export async function registerHeartbeat(
  hub: Pick<HubProcess, "fetch">,
  name: string,
  health_interval = 3_600,
): Promise<number> {
  const answer = await hub.fetch(`/api/projects/shop/services/${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ health_method: "heartbeat", health_url: "", health_interval }),
  });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
  return z.object({ id: z.int() }).parse(await answer.json()).id;
}

export async function beat(hub: Pick<HubProcess, "fetch">, id: number, status: "pass" | "fail"): Promise<void> {
  const answer = await hub.fetch(`/api/services/${id}/heartbeat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ status }),
  });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
}

const healthSchema = z.object({
  status: z.string(),
  checks: z.record(
    z.string(),
    z.array(z.looseObject({ status: z.string(), observedValue: z.number().optional(), output: z.string().optional() })),
  ),
});

/** The parts of /health that tell of NATS. */
export async function natsHealth(hub: Pick<HubProcess, "fetch">) {
  const answer = await hub.fetch("/health");
  const { status, checks } = healthSchema.parse(await answer.json());
  return {
    code: answer.status,
    status,
    connection: checks["nats:connection"]?.[0],
    outbox: checks["nats:outbox"]?.[0],
  };
}
