/** A state folder that a hub of the version before wrote, which kept an object for each service, is carried over. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { type NatsConnection, nanos } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { streamSettings } from "../../src/relay/stream.ts";
import { databaseFile } from "../processes/database-file.ts";
import { call, flipsOf, type ServiceSeen, service } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { connectCore, keptMessages, natsVars } from "../processes/nats-hub.ts";
import { leaveOlderBridge, type Told } from "../processes/older-bridge.ts";
import { type NatsPair, startNatsPair } from "../servers/nats.ts";
import { until } from "../until.ts";

const STATE = fileURLToPath(new URL("./state/object-a-service.tar.gz", import.meta.url));
/** When the old hub was stopped, by its newest round. */
const STOPPED_AT = 1_795_557_115_002;
/** Long enough ago that a service is due, not long enough to be stale. */
const PAUSE_MS = 3_000;
/** Where the old hub's target listened. */
const OLD_TARGET = "127.0.0.1:18080";

/** JetStream would hide what is told twice. */
const SHORTEST_WINDOW_MS = 100;
const HUB = "hub-old";
/** The old hub has told of two services that are not watched any more, and of one with the name that it had before. */
const TOLD: Told[] = [
  { id: 1, seq: 1, name: "up" },
  { id: 2, seq: 1, name: "down" },
  { id: 3, seq: 1, name: "beat" },
  { id: 4, seq: 1, name: null },
  { id: 5, seq: 1, name: "stayed" },
  { id: 6, seq: 2, name: "off" },
  { id: 7, seq: 2, name: null },
  { id: 99, seq: 3, name: "deleted" },
];
/** It came to this flip when the relay was away. */
const WAITING = {
  service_id: 3,
  id: `${HUB}:3:1`,
  subject: `hub.${HUB}.health.beat`,
  type: "commandcenter.service.flip",
  time: new Date(STOPPED_AT).toISOString(),
  payload: {},
};

const target = createServer((_, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ status: "pass", version: "1.2.3" }));
});
let nats: NatsPair;
let core: NatsConnection;
let hub: HubProcess;

/** As if the old hub had been stopped a moment ago, and its target were where the test's is. */
function bringUpToDate(state: string, port: number): void {
  const database = new DatabaseSync(databaseFile(state));
  const shift = Date.now() - PAUSE_MS - STOPPED_AT;
  for (const [table, columns] of Object.entries({
    projects: ["created_at", "updated_at"],
    services: ["status_since", "created_at", "updated_at"],
    rounds: ["due_at", "started_at"],
    flips: ["at", "began_at"],
  })) {
    database.exec(`UPDATE ${table} SET ${columns.map((column) => `${column} = ${column} + ${shift}`).join(", ")}`);
  }
  database.exec(`UPDATE services SET health_url = replace(health_url, '${OLD_TARGET}', '127.0.0.1:${port}')`);
  database.close();
}

beforeAll(async () => {
  await new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve));
  const { port } = target.address() as AddressInfo; // it listens on a port
  nats = await startNatsPair({ hub_id: HUB });
  await nats.setUp({ ...streamSettings(), duplicate_window: nanos(SHORTEST_WINDOW_MS) });
  core = await connectCore(nats.core_url);
  hub = await startHub({
    vars: natsVars(HUB, nats.relay_url),
    args: ["--quiet"],
    prepare: async (state) => {
      execFileSync("tar", ["xzf", STATE, "-C", state]);
      bringUpToDate(state, port);
      leaveOlderBridge(state, TOLD, [WAITING]);
    },
  });
});
afterAll(async () => {
  await hub?.remove();
  await core?.close();
  await nats?.stop();
  target.close();
});

const statuses = async () => {
  const { services } = await call<{ services: ServiceSeen[] }>(hub, "GET", "/api/services");
  return Object.fromEntries(services.map(({ name, health_status }) => [name, health_status]));
};
const EXPECTED = { up: "up", down: "down", beat: "up", warned: "degraded", moved: "up", off: "unknown" };
const flipsBefore = { up: 1, down: 1, beat: 1, warned: 1, moved: 1, off: 2 };

const flipCounts = async () => {
  const names = Object.keys(flipsBefore);
  const counts = await Promise.all(names.map(async (name) => [name, (await flipsOf(hub, name)).length]));
  return Object.fromEntries(counts);
};

test("every service keeps its status, and no flip is made up, neither at the start nor by the next checks", async () => {
  expect(await statuses()).toEqual(EXPECTED);
  const checked = Date.now();
  for (const id of [1, 2, 5]) {
    await until(async () => {
      const { last_health_check } = await service(hub, id);
      expect(Date.parse(last_health_check ?? "")).toBeGreaterThan(checked);
    });
  }
  expect(await statuses()).toEqual(EXPECTED);
  expect(await flipCounts()).toEqual(flipsBefore);
  const down = await service(hub, 2);
  expect(down.consecutive_failures).toBeGreaterThan(0);
});

test("the history of before is readable, also that of heartbeats", async () => {
  for (const id of [1, 2, 3, 5]) {
    const { recent, uptime } = await call<{ recent: { at: string }[]; uptime: Record<string, number | null> }>(
      hub,
      "GET",
      `/api/services/${id}/health`,
    );
    expect(recent.length).toBeGreaterThan(0);
    expect(Date.parse(recent.at(-1)?.at ?? "")).toBeLessThan(Date.now() - PAUSE_MS);
    expect(uptime["24h"]).toBe(id === 2 ? 0 : 1);
  }
});

test("a service that was down comes up, a heartbeat beats on, and the flips go on counting", async () => {
  const { port } = target.address() as AddressInfo; // it listens on a port
  await call(hub, "PATCH", "/api/services/2", { health_url: `127.0.0.1:${port}` });
  await until(async () => expect(await service(hub, 2)).toMatchObject({ health_status: "up" }));
  await until(async () =>
    expect((await flipsOf(hub, "down")).map(({ seq, to }) => [seq, to])).toEqual([
      [1, "down"],
      [2, "up"],
    ]),
  );
  const beat = await call<{ status: string; flips: unknown[] }>(hub, "POST", "/api/services/3/heartbeat", {});
  expect(beat).toMatchObject({ status: "up", flips: [] });
});

test("other hubs get every service of before", async () => {
  const database = new DatabaseSync(databaseFile(hub.state), { readOnly: true });
  const revisions = database.prepare("SELECT service_id, revision FROM service_revisions ORDER BY revision").all();
  const { revision } = database.prepare("SELECT revision FROM registry").get() ?? {};
  const ids = database.prepare("SELECT id AS service_id FROM services ORDER BY id").all();
  database.close();
  expect(ids.length).toBeGreaterThan(5);
  expect(
    revisions.map(({ service_id }) => ({ service_id })).toSorted((a, b) => Number(a.service_id) - Number(b.service_id)),
  ).toEqual(ids);
  expect(revisions.at(-1)).toMatchObject({ revision });
  const { services } = await call<{ services: { name: string }[] }>(hub, "GET", "/api/federation/services");
  expect(services.map(({ name }) => name).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

/** In the order of the stream. */
async function idsByService(): Promise<Record<string, string[]>> {
  const ids = (await keptMessages(core)).map(({ id }) => id);
  return Object.fromEntries(Map.groupBy(ids, (id) => id.split(":").at(-2) ?? ""));
}

test("NATS hears once what the old hub has not told, and nothing again, also when the new one is killed", async () => {
  await hub.kill9();
  await hub.restart();
  await call(hub, "DELETE", "/api/services/4");
  const database = new DatabaseSync(databaseFile(hub.state), { readOnly: true });
  const { epoch } = database.prepare("SELECT epoch FROM registry").get() ?? {};
  database.close();
  const ids = (service: number, ...names: (string | number)[]) =>
    names.map((name) => `${HUB}:${epoch}:${service}:${name}`);
  await until(async () =>
    expect(await idsByService()).toEqual({
      2: ids(2, 2),
      3: [WAITING.id],
      4: ids(4, "registered-1", 2, "deregistered-1"),
      5: ids(5, "deregistered-1", "registered-2"),
      6: ids(6, "deregistered-1"),
      99: ids(99, "deregistered-1"),
    }),
  );
});

test("what the retired objects stored is gone", () => {
  expect(existsSync(join(hub.state, "v3/do/commandcenter-hub-ServiceMonitor"))).toBe(false);
  expect(existsSync(join(hub.state, "v3/do/commandcenter-hub-LaneMonitor"))).toBe(true);
});
