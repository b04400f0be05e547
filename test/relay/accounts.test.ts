/** A relay beside a cluster that others use too: accounts of their own, passwords, limits. */
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NATS_PASSWORD, type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const HUB = "hub-eu";
const ACCOUNTS = `accounts {
  HUBS: { jetstream: enabled, users: [ { user: "relay", password: "relay-password" }, { user: "reader", password: "p" } ] }
  OTHERS: { jetstream: enabled, users: [ { user: "other", password: "p" } ] }
}`;

let nats: NatsPair;
let hub: NatsConnection;
beforeAll(async () => {
  nats = await startNatsPair({ hub_id: HUB, core: ACCOUNTS, login: "relay:relay-password" });
  await nats.setUp();
  const login = { user: HUB, pass: NATS_PASSWORD, inboxPrefix: `_INBOX.${HUB}` };
  hub = await connect({ servers: nats.relay_client_url, ...login });
});
afterAll(async () => {
  await hub?.close();
  await nats?.stop();
});

const join = (user: string) => connect({ servers: new URL(nats.core_url).host, user, pass: "p" });

test("the acknowledgement of the stream in the relay's account comes back to the hub, and a repeat is known", async () => {
  const publish = () =>
    jetstream(hub).publish(`hub.${HUB}.health.api`, "{}", { msgID: "1", expect: { streamName: "HUB_EVENTS" } });
  const first = await until(publish); // until the leaf node has joined
  expect(first).toMatchObject({ stream: "HUB_EVENTS", seq: 1, duplicate: false });
  expect(await publish()).toMatchObject({ seq: 1, duplicate: true });
});

test("whoever is in that account hears the hub, and nobody else does", async () => {
  const [reader, other] = [await join("reader"), await join("other")];
  const heard: string[] = [];
  reader.subscribe("hub.>", { callback: (_, { subject }) => void heard.push(`reader ${subject}`) });
  other.subscribe("hub.>", { callback: (_, { subject }) => void heard.push(`other ${subject}`) });
  await Promise.all([reader.flush(), other.flush()]);
  await until(async () => {
    hub.publish("hub.global.health", "{}");
    await hub.flush();
    expect(heard).toContain("reader hub.global.health");
  });
  await Promise.all([reader.flush(), other.flush()]);
  expect(heard.filter((each) => each.startsWith("other"))).toEqual([]);
  await expect((await jetstreamManager(other)).streams.info("HUB_EVENTS")).rejects.toThrow("stream not found");
  await Promise.all([reader.close(), other.close()]);
});
