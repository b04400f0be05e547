/** Three hubs as processes of their own: they meet, see the same, lose each other and find each other again. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import type { FederatedService } from "../../src/core/federation/federated-service.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type Links, startLinks } from "../processes/links.ts";
import { type Watching, watch } from "../processes/watch.ts";
import { type Eyes, startEyes } from "../servers/eyes.ts";
import { until } from "../until.ts";

const TOKEN = "join-token-of-the-tests";
/** Seconds; a hub is stale after three of them. */
const INTERVAL = 5;

let eyes: Eyes;
let links: Links;
let a: HubProcess;
let b: HubProcess;
let c: HubProcess;

async function start(HUB_ID: string, HUB_REGION: string, peers = ""): Promise<HubProcess> {
  const vars = { HUB_ID, HUB_REGION, HUB_URL: links.url(HUB_ID), FEDERATION_TOKEN: TOKEN, FEDERATION_PEERS: peers };
  const hub = await startHub({ vars: { ...vars, FEDERATION_INTERVAL: String(INTERVAL) }, fast: true });
  await links.connect(HUB_ID, hub.url);
  return hub;
}

beforeAll(async () => {
  [eyes, links] = await Promise.all([startEyes(), startLinks(["hub-a", "hub-b", "hub-c"])]);
  a = await start("hub-a", "weur");
  b = await start("hub-b", "enam", links.url("hub-a"));
  c = await start("hub-c", "apac", links.url("hub-b"));
});
afterAll(async () => {
  await Promise.all([eyes.stop(), a.remove(), b.remove(), c.remove()]);
  await links.stop();
});

const peers = async (hub: HubProcess) => (await call<{ hubs: Peer[] }>(hub, "GET", "/api/federation/hubs")).hubs;
const peerOf = async (hub: HubProcess, id: string) => (await peers(hub)).find(({ hub_id }) => hub_id === id);
const found = async (hub: HubProcess, query = "") =>
  (await call<{ services: FederatedService[] }>(hub, "GET", `/api/federation/services?limit=1000${query}`)).services;
const HEARTBEAT = { health_method: "heartbeat", health_url: "", health_options: {} };
const put = (hub: HubProcess, name: string, fields: object = {}) =>
  call<{ id: number }>(hub, "PUT", `/api/projects/shop/services/${name}`, {
    health_method: "http",
    health_url: eyes.url(name),
    health_interval: 5,
    health_retries: 0,
    health_options: NEVER_SLOW,
    ...fields,
  });

/** What a hub says of the services of another: everything but when it heard of it and how quick it was. */
async function view(hub: HubProcess, of: string): Promise<string[]> {
  const services = await found(hub, `&hub=${of}`);
  return services.map((each) => `${each.id} ${each.project}/${each.name} ${each.health_status} [${each.tags.join()}]`);
}

test("hubs that join one of them are known by all", async () => {
  await until(async () => {
    for (const [hub, others] of [
      [a, ["hub-b", "hub-c"]],
      [b, ["hub-a", "hub-c"]],
      [c, ["hub-a", "hub-b"]],
    ] as const) {
      expect((await peers(hub)).map(({ hub_id, status }) => `${hub_id} ${status}`)).toEqual(
        others.map((id) => `${id} up`),
      );
    }
  });
  expect(await peerOf(a, "hub-c")).toMatchObject({ region: "apac", freshness: "live", error: null });
  expect([(await peerOf(a, "hub-c"))?.source, (await peerOf(c, "hub-a"))?.source]).toContain("introduced");
});

test("a flip at one hub is heard and seen at another", async () => {
  await put(a, "api", { tags: ["primary"], capabilities: ["orders"] });
  await put(b, "api", { health_interval: 5 });
  await until(async () => expect(await found(c, "&name=api&healthy=true")).toHaveLength(2));
  const watching = await watch(c, "/ws/federation");
  eyes.hide("api", "all");
  const seen: string[] = [];
  await until(() => {
    const told = watching.frames.filter((frame) => frame.type === "remote_flip" && frame.to === "down");
    seen.push(...told.map((frame) => String(frame.hub_id)));
    expect(new Set(seen)).toEqual(new Set(["hub-a", "hub-b"]));
  });
  for (const frame of watching.frames.filter(({ type }) => type === "remote_flip")) {
    expect(frame).toMatchObject({ project: "shop", name: "api", from: "up", to: "down" });
  }
  await until(async () => {
    for (const service of await found(c, "&name=api")) {
      expect(service).toMatchObject({ health_status: "down", healthy: false, freshness: "live" });
    }
  });
  eyes.hide("api", []);
  await until(async () => expect(await found(c, "&name=api&healthy=true")).toHaveLength(2));
  watching.close();
});

test("the services of all hubs are filtered, paged, and ordered by how near they are", async () => {
  await put(c, "worker", { service_type: "worker", tags: ["batch"] });
  await until(async () => expect(await found(a, "&type=worker")).toMatchObject([{ hub_id: "hub-c" }]));
  expect(await found(a, "&tag=primary&capability=orders")).toMatchObject([{ hub_id: "hub-a", name: "api" }]);
  expect(await found(a, "&hub=hub-b&project=shop&status=up")).toMatchObject([{ hub_id: "hub-b", name: "api" }]);
  const hubs = async (query: string) => (await found(a, query)).map(({ hub_id }) => hub_id);
  expect(await hubs("")).toEqual(["hub-a", "hub-b", "hub-c"]);
  expect(await hubs("&near=apac-ne")).toEqual(["hub-c", "hub-a", "hub-b"]);
  const paged: string[] = [];
  for (let cursor = ""; ; ) {
    const path = `/api/federation/services?limit=1&near=enam${cursor}`;
    const page = await call<{ services: FederatedService[]; next_cursor: string | null; total: number }>(
      a,
      "GET",
      path,
    );
    expect(page.total).toBe(3);
    paged.push(...page.services.map(({ hub_id }) => hub_id));
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  expect(paged).toEqual(["hub-b", "hub-a", "hub-c"]);
});

test("the root cause of an outage is found at the other hub", async () => {
  await put(b, "orders-db");
  await put(b, "orders", { depends_on: ["orders-db"] });
  await put(a, "checkout", { depends_on: ["hub-b/shop/orders"] });
  await until(async () => expect(await found(a, "&hub=hub-b&status=up")).toHaveLength(3));
  for (const name of ["orders-db", "orders", "checkout"]) eyes.hide(name, "all");
  await until(async () => {
    const graph = await call<{ nodes: { id: number; name: string; hub_id: string; root_cause?: number[] }[] }>(
      ...([a, "GET", "/api/dependencies"] as const),
    );
    const cause = graph.nodes.find(({ name }) => name === "orders-db");
    expect(cause).toMatchObject({ hub_id: "hub-b" });
    expect(graph.nodes.find(({ name }) => name === "checkout")?.root_cause).toEqual([cause?.id]);
  });
  for (const name of ["orders-db", "orders", "checkout"]) eyes.hide(name, []);
});

let watching: Watching;

test("a hub that hangs is down for the others, delays nobody, and stays readable as stale", async () => {
  watching = await watch(a, "/ws/federation");
  const before = await view(a, "hub-c");
  expect(before).toHaveLength(1);
  const runtime = await c.runtimePid();
  process.kill(runtime, "SIGSTOP");
  try {
    await until(async () => {
      const peer = await peerOf(a, "hub-c");
      expect(peer).toMatchObject({ status: "down", freshness: "stale" });
    });
    expect(await view(a, "hub-c")).toEqual(before);
    const [stale] = await found(a, "&hub=hub-c");
    expect(stale).toMatchObject({ freshness: "stale", healthy: false, last_heard_at: expect.any(String) });
    expect(await found(a, "&hub=hub-c&healthy=true")).toEqual([]);
    expect(await found(a, "&hub=hub-c&healthy=false")).toHaveLength(1);
    await put(a, "meanwhile", HEARTBEAT);
    await until(async () => expect(await found(b, "&name=meanwhile")).toHaveLength(1));
    expect(await (await a.fetch("/health")).json()).toMatchObject({
      status: "warn",
      checks: { "federation:hubs": [{ output: "1 of 2 other hubs can't be heard" }] },
    });
  } finally {
    process.kill(runtime, "SIGCONT");
  }
  await until(async () => expect(await peerOf(a, "hub-c")).toMatchObject({ status: "up", freshness: "live" }));
  await until(() => {
    const told = watching.frames.filter((frame) => frame.type === "hub");
    expect(told.map(({ hub }) => (hub as Peer).status)).toEqual(expect.arrayContaining(["down", "up"]));
  });
  const { hub_flips } = await call<{ hub_flips: { hub_id: string; from: string; to: string }[] }>(
    a,
    "GET",
    "/api/flips",
  );
  const ofC = hub_flips.filter(({ hub_id }) => hub_id === "hub-c").map(({ to }) => to);
  expect(ofC.filter((to) => to !== "degraded").slice(0, 2)).toEqual(["up", "down"]);
});

test("of two sides of a partition each goes on from what it knows, and when they meet they agree", async () => {
  const fleet = async (hub: HubProcess, names: readonly string[], tag: string) => {
    const { projects } = await call<{ projects: { id: number; name: string }[] }>(hub, "GET", "/api/projects");
    const known = projects.find(({ name }) => name === "fleet");
    const { id } = known ?? (await call<{ id: number }>(hub, "POST", "/api/projects", { name: "fleet" }));
    const heartbeat = { tags: [tag], health_method: "heartbeat", health_interval: 3_600 };
    await call(hub, "PUT", `/api/projects/${id}/manifest`, { services: names.map((name) => ({ name, ...heartbeat })) });
  };
  const all = [
    [a, "hub-a"],
    [b, "hub-b"],
    [c, "hub-c"],
  ] as const;
  const expectOnePicture = async () => {
    for (const [owner, id] of all) for (const [hub] of all) expect(await view(hub, id)).toEqual(await view(owner, id));
  };
  const before = Array.from({ length: 200 }, (_each, index) => `s-${index}`);
  const after = [...before.slice(100), ...before.slice(0, 50).map((name) => `new-${name}`)];
  for (const hub of [a, c]) await fleet(hub, before, "before");
  await until(expectOnePicture);

  links.cut("hub-c");
  for (const hub of [a, c]) await fleet(hub, after, "meanwhile");
  await until(async () => expect(await view(b, "hub-a")).toEqual(await view(a, "hub-a")));
  for (const [hub, of] of [
    [a, "hub-c"],
    [b, "hub-c"],
    [c, "hub-a"],
  ] as const) {
    await until(async () => {
      const known = await found(hub, `&hub=${of}&project=fleet`);
      const states = known.map(({ freshness, healthy, tags }) => `${freshness} ${healthy} ${tags}`);
      expect([known.length, ...new Set(states)]).toEqual([200, "stale false before"]);
    });
  }

  links.heal();
  await until(async () => {
    for (const [hub] of all) expect((await peers(hub)).map(({ status }) => status)).toEqual(["up", "up"]);
    await expectOnePicture();
  });
  expect(await found(b, "&hub=hub-c&project=fleet")).toHaveLength(150);
});

test("a hub gets a new key without anyone noticing", async () => {
  const kids = async () => {
    const document = await (await fetch(`${a.url}/.well-known/hub`)).json();
    return (document as { keys: { kid: string; not_after: string | null }[] }).keys;
  };
  const [old] = await kids();
  await call(a, "POST", "/api/federation/rotate-key");
  expect((await kids()).map(({ kid, not_after }) => [kid === old?.kid, not_after === null])).toEqual([
    [false, true],
    [true, false],
  ]);
  await put(a, "after-rotation", HEARTBEAT);
  for (const hub of [b, c]) {
    await until(async () => expect(await found(hub, "&name=after-rotation")).toHaveLength(1));
    await until(async () => expect(await peerOf(hub, "hub-a")).toMatchObject({ status: "up", error: null }));
  }
  for (const id of ["hub-b", "hub-c"])
    await until(async () => expect(await peerOf(a, id)).toMatchObject({ error: null }));
});

test("a hub that is removed is told so, and comes back through an admin only", async () => {
  await call(a, "DELETE", "/api/federation/hubs/hub-c");
  expect(await found(a, "&hub=hub-c")).toEqual([]);
  await until(async () => expect(await peerOf(c, "hub-a")).toBeUndefined());
  expect(await found(c, "&hub=hub-a")).toEqual([]);
  const join = () => call(c, "POST", "/api/federation/hubs", { url: links.url("hub-a") });
  await expect(join()).rejects.toThrow("this hub was removed here; an admin can approve it again");
  expect(await peerOf(a, "hub-c")).toBeUndefined();
  await call(a, "POST", "/api/federation/hubs/hub-c/approve");
  expect(await join()).toMatchObject({ hub_id: "hub-a", trust: "approved", there: "approved" });
  await until(async () => expect(await peerOf(c, "hub-a")).toMatchObject({ status: "up" }));
  await until(async () => expect(await view(a, "hub-c")).toEqual(await view(c, "hub-c")));
});
