/** A relay or a core that is away while services come and change, and a hub that is killed meanwhile. */
import { DeliverPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { NATS_PASSWORD, type NatsPair } from "../servers/nats.ts";
import type { HubProcess } from "./hub-process.ts";

const SERVICES = 50;
const FLIPS_EACH = 10;
const EVENTS = SERVICES * (FLIPS_EACH + 1);
const PATIENCE_MS = 60_000;
const POLL_MS = 100;

const HEARTBEAT = { health_method: "heartbeat", health_url: "", health_interval: 3_600 };

export const natsVars = (hubId: string, url: string) => ({
  HUB_ID: hubId,
  NATS_URL: url,
  NATS_USER: hubId,
  NATS_PASSWORD,
});

/** A client that outlives the server's absence. */
export function connectCore(url: string): Promise<NatsConnection> {
  return connect({ servers: url, waitOnFirstConnect: true, maxReconnectAttempts: -1, reconnectTimeWait: 200 });
}

/** Registers a heartbeat in the project `shop`; answers its id. */
export async function register(hub: HubProcess, name: string): Promise<number> {
  const answer = await hub.fetch(`/api/projects/shop/services/${name}`, json("PUT", HEARTBEAT));
  const { id }: { id: number } = JSON.parse(await expectStatus(answer, 201));
  return id;
}

export async function beat(hub: HubProcess, id: number, status: "pass" | "fail"): Promise<void> {
  await expectStatus(await hub.fetch(`/api/services/${id}/heartbeat`, json("POST", { status })), 202);
}

/** The ids of the messages in HUB_EVENTS, in order; of those after the first `skip`. */
export async function storedIds(core: NatsConnection, skip = 0): Promise<string[]> {
  const count = (await storedCount(core)) - skip;
  if (count <= 0) return [];
  const from = { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: skip + 1 };
  const consumer = await jetstream(core).consumers.get("HUB_EVENTS", from);
  const ids: string[] = [];
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5_000 })) {
    ids.push(message.headers?.get("Nats-Msg-Id") ?? "");
    if (ids.length === count) break;
  }
  return ids;
}

export async function storedCount(core: NatsConnection): Promise<number> {
  return (await (await jetstreamManager(core)).streams.info("HUB_EVENTS")).state.messages;
}

export interface Outage {
  /** `{service}:{seq}` of every event that there should be, by service, in its order. */
  expected: string[][];
  /** The same of those that were stored. */
  stored: string[][];
}

/** 50 registrations and 500 flips while `away` is down for at least `awayMs`; the hub dies twice by SIGKILL. */
export async function outage(
  { hub, nats, core }: { hub: HubProcess; nats: NatsPair; core: NatsConnection },
  away: "relay" | "core",
  awayMs: number,
): Promise<Outage> {
  const before = await storedCount(core);
  await nats[away].kill();
  const back = Date.now() + awayMs;
  const ids: number[] = [];
  for (let i = 0; i < SERVICES; i++) {
    ids.push(await register(hub, `${away}-${i}`));
    if (i === SERVICES / 2) await hub.kill9().then(() => hub.restart());
  }
  for (let round = 0; round < FLIPS_EACH; round++) {
    if (round === FLIPS_EACH / 2) await hub.kill9().then(() => hub.restart());
    await Promise.all(ids.map((id) => beat(hub, id, round % 2 === 0 ? "pass" : "fail")));
  }
  while (Date.now() < back) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  await nats[away].start();
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    if ((await storedCount(core).catch(() => 0)) - before >= EVENTS) break; // JetStream may still be starting
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const found = (await storedIds(core, before)).map((id) => id.split(":").slice(1));
  const seqs = ["registered-1", ...Array.from({ length: FLIPS_EACH }, (_, i) => String(i + 1))];
  return {
    expected: ids.map((id) => seqs.map((seq) => `${id}:${seq}`)),
    stored: ids.map((id) => found.filter(([service]) => service === String(id)).map((parts) => parts.join(":"))),
  };
}

function json(method: string, body: object): RequestInit {
  return { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** The answer's text. */
async function expectStatus(answer: Response, status: number): Promise<string> {
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${text}`);
  return text;
}
