/** Hubs on one relay: they hear of each other without being registered, and how a peer is goes out on NATS. */
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import { type LocalServers, startLocalServers } from "../../src/relay/servers.ts";
import { setUpStream } from "../../src/relay/stream.ts";
import { call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { freePort, temporaryFolder } from "../servers/child-process.ts";
import { until } from "../until.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let servers: LocalServers;
let core: NatsConnection;
let a: HubProcess;
let b: HubProcess;

beforeAll(async () => {
  folder = await temporaryFolder("federation-nats");
  const [port, core_port] = [await freePort(), await freePort()];
  servers = await startLocalServers({ folder: folder.path, hub_id: "*", port, core_port });
  await setUpStream(`nats://127.0.0.1:${core_port}`);
  core = await connect({ servers: `127.0.0.1:${core_port}` });
  const vars = { NATS_URL: `ws://127.0.0.1:${port}`, FEDERATION_TOKEN: "join-token-of-the-tests" };
  [a, b] = await Promise.all([
    startHub({ vars: { ...vars, HUB_ID: "hub-a" } }),
    startHub({ vars: { ...vars, HUB_ID: "hub-b" } }),
  ]);
});
afterAll(async () => {
  await Promise.all([a?.remove(), b?.remove(), core?.close()]);
  await servers?.stop();
  await folder?.remove();
});

const peers = async (hub: HubProcess) => (await call<{ hubs: Peer[] }>(hub, "GET", "/api/federation/hubs")).hubs;
const put = (hub: HubProcess, name: string) =>
  call<{ id: number }>(hub, "PUT", `/api/projects/shop/services/${name}`, {
    health_method: "heartbeat",
    health_interval: 3_600,
  });
const beat = (hub: HubProcess, id: number, status: string) =>
  call(hub, "POST", `/api/services/${id}/heartbeat`, { status });

test("a hub that publishes its summary is shown as heard of on NATS, and nothing more", async () => {
  const { id } = await put(a, "api");
  let turn = 0;
  await until(async () => {
    await beat(a, id, turn++ % 2 === 0 ? "pass" : "fail"); // a change of the overall status publishes the summary
    expect(await peers(b)).toMatchObject([{ hub_id: "hub-a", source: "nats", status: "up", url: null }]);
  });
  expect((await b.fetch("/api/federation/hubs/hub-a/approve", { method: "POST" })).status).toBe(404);
  const { total } = await call<{ total: number }>(b, "GET", "/api/federation/services");
  expect(total).toBe(0);
});

test("when it registers, its own word replaces what was heard, and how it is goes out on NATS", async () => {
  const heard: { peer: string; status: string }[] = [];
  void (async () => {
    for await (const message of core.subscribe("hub.hub-b.peer.*")) heard.push(message.json());
  })();
  await core.flush();
  await call(b, "POST", "/api/federation/hubs", { url: a.url });
  await until(async () => {
    expect(await peers(b)).toMatchObject([{ hub_id: "hub-a", source: "registered", status: "up", service_count: 1 }]);
  });
  await until(() => expect(heard).toContainEqual(expect.objectContaining({ peer: "hub-a", status: "up" })));
});
