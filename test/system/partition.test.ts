/** A partition: three hubs that all live, one of them cut off from the others while much changes on both sides. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FederatedService } from "../../src/core/federated-service.ts";
import type { Peer } from "../../src/core/live-protocol.ts";
import { call, until } from "./hub-client.ts";
import { type HubProcess, startHub } from "./hub-process.ts";
import { type Links, startLinks } from "./links.ts";

const INTERVAL = 5;
const ROUND_MS = INTERVAL * 1_000 + 5_000;
const STALE_MS = 3 * INTERVAL * 1_000;
const IDS = ["hub-a", "hub-b", "hub-c"] as const;

let links: Links;
let hubs: HubProcess[];

beforeAll(async () => {
  links = await startLinks(IDS);
  hubs = [];
  for (const id of IDS) {
    const vars = { HUB_ID: id, HUB_URL: links.url(id), FEDERATION_TOKEN: "join-token-of-the-tests" };
    const peers = id === "hub-a" ? "" : links.url("hub-a");
    const hub = await startHub({ vars: { ...vars, FEDERATION_INTERVAL: String(INTERVAL), FEDERATION_PEERS: peers } });
    await links.connect(id, hub.url);
    hubs.push(hub);
  }
});
afterAll(async () => {
  await Promise.all(hubs.map((hub) => hub.remove()));
  await links.stop();
});

const peers = async (hub: HubProcess) => (await call<{ hubs: Peer[] }>(hub, "GET", "/api/federation/hubs")).hubs;

async function services(hub: HubProcess, of: string): Promise<FederatedService[]> {
  const path = `/api/federation/services?limit=1000&hub=${of}`;
  return (await call<{ services: FederatedService[] }>(hub, "GET", path)).services;
}

const told = (all: readonly FederatedService[]) =>
  all.map(({ id, name, tags, health_status }) => `${id} ${name} [${tags.join()}] ${health_status}`);

async function expectOnePicture(): Promise<void> {
  for (const [index, id] of IDS.entries()) {
    const owner = hubs[index];
    if (owner === undefined) continue;
    const truth = told(await services(owner, id));
    for (const other of hubs) expect(told(await services(other, id))).toEqual(truth);
  }
}

async function fleet(hub: HubProcess, names: readonly string[], tag: string): Promise<void> {
  const { projects } = await call<{ projects: { id: number }[] }>(hub, "GET", "/api/projects");
  const { id } = projects[0] ?? (await call<{ id: number }>(hub, "POST", "/api/projects", { name: "fleet" }));
  const heartbeat = { tags: [tag], health_method: "heartbeat", health_interval: 3_600 };
  await call(hub, "PUT", `/api/projects/${id}/manifest`, { services: names.map((name) => ({ name, ...heartbeat })) });
}

test("both sides go on from what they know, say that it is stale, and agree one round after they meet again", async () => {
  const [a, b, c] = hubs;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three hubs");
  const first = Array.from({ length: 200 }, (_each, index) => `s-${index}`);
  for (const hub of [a, c]) await fleet(hub, first, "before");
  await until(async () => {
    for (const hub of hubs) expect((await peers(hub)).map(({ status }) => status)).toEqual(["up", "up"]);
    await expectOnePicture();
  }, 2 * ROUND_MS);

  links.cut("hub-c");
  const cutAt = Date.now();
  const after = [...first.slice(100), ...first.slice(0, 50).map((name) => `new-${name}`)];
  for (const hub of [a, c]) await fleet(hub, after, "meanwhile");
  const [beat] = await services(a, "hub-a");
  await call(a, "POST", `/api/services/${beat?.id}/heartbeat`, { status: "fail" });
  // Those that still see each other agree at once.
  await until(async () => expect(told(await services(b, "hub-a"))).toEqual(told(await services(a, "hub-a"))), ROUND_MS);
  for (const [hub, of] of [
    [a, "hub-c"],
    [b, "hub-c"],
    [c, "hub-a"],
  ] as const) {
    expect(told(await services(hub, of)).every((line) => line.includes("[before]"))).toBe(true);
    await until(async () => {
      const known = await services(hub, of);
      expect(known).toHaveLength(200);
      expect(new Set(known.map(({ freshness, healthy }) => `${freshness} ${healthy}`))).toEqual(
        new Set(["stale false"]),
      );
    }, STALE_MS + 5_000);
    expect(Date.now() - cutAt).toBeLessThan(STALE_MS + 10_000);
  }
  await until(async () => expect((await peers(c)).map(({ status }) => status)).toEqual(["down", "down"]), 30_000);

  links.heal();
  await until(async () => {
    for (const hub of hubs) expect((await peers(hub)).map(({ status }) => status)).toEqual(["up", "up"]);
    await expectOnePicture();
  }, ROUND_MS);
  expect(await services(b, "hub-c")).toHaveLength(150);
  expect((await services(c, "hub-a")).filter(({ health_status }) => health_status === "down")).toHaveLength(1);
}, 120_000);
