/** A state folder that a hub of the version before wrote, which kept an object for each service, is carried over. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseFile } from "../processes/database-file.ts";
import { call, flipsOf, type ServiceSeen, service } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { until } from "../until.ts";

const STATE = fileURLToPath(new URL("./state/object-a-service.tar.gz", import.meta.url));
/** When the old hub was stopped, by its newest round. */
const STOPPED_AT = 1_795_557_115_002;
/** Long enough ago that a service is due, not long enough to be stale. */
const PAUSE_MS = 3_000;
/** Where the old hub's target listened. */
const OLD_TARGET = "127.0.0.1:18080";

const target = createServer((_, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ status: "pass", version: "1.2.3" }));
});
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
  hub = await startHub({
    args: ["--quiet"],
    prepare: async (state) => {
      execFileSync("tar", ["xzf", STATE, "-C", state]);
      bringUpToDate(state, port);
    },
  });
});
afterAll(async () => {
  await hub?.remove();
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

test("what the retired objects stored is gone", () => {
  expect(existsSync(join(hub.state, "v3/do/commandcenter-hub-ServiceMonitor"))).toBe(false);
  expect(existsSync(join(hub.state, "v3/do/commandcenter-hub-LaneMonitor"))).toBe(true);
});
