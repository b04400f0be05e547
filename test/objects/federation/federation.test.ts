/** What the federation keeps when Cloudflare evicts its objects. The other hub is away here; system tests have real ones. */
import { abortAllDurableObjects, applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { newKeyPair, toPublicKey } from "../../../src/federation/keys.ts";
import { federationOf, peerLinkOf } from "../../../src/platform/object-stubs.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { getHub, saveHub } from "../../../src/store/federation/hubs.ts";
import { until } from "../../until.ts";

const bindings = env as never; // the bindings of wrangler.toml
const federation = () => federationOf(bindings);
const link = () => peerLinkOf(bindings, "hub-b");
const db = openDatabase(env.DB);

beforeEach(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  const keys = [toPublicKey(await newKeyPair(Date.now()))];
  const about = { name: null, region: null, version: "1", protocol: "2.0", capabilities: [] };
  const fields = { source: "registered", trust: "approved", known_kid: "old", keys, registered_from: null } as const;
  await saveHub(db, { hub_id: "hub-b", url: "http://127.0.0.1:9", ...about }, fields, Date.now());
});

async function watch(query = "") {
  const response = await federation().fetch(`http://hub/ws/federation${query}`, { headers: { upgrade: "websocket" } });
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status}`);
  const texts: string[] = [];
  socket.addEventListener("message", ({ data }) => void texts.push(String(data)));
  socket.accept();
  return { socket, texts, frames: () => texts.filter((text) => text !== "pong").map((text) => JSON.parse(text)) };
}

const REQUEST = { method: "GET", url: "http://127.0.0.1/x", body: null };
const sign = () => federation().sign(REQUEST, null);
const keyIn = (headers: Record<string, string>) => /keyid="([^"]+)"/.exec(headers["signature-input"] ?? "")?.[1] ?? "";

it("the key outlasts an eviction, and a rotation keeps the old one for who knows only that", async () => {
  const kid = keyIn(await sign());
  await abortAllDurableObjects();
  expect(keyIn(await sign())).toBe(kid);
  await federation().rotateKey();
  await abortAllDurableObjects();
  expect(keyIn(await sign())).not.toBe(kid);
  expect(keyIn(await federation().sign(REQUEST, kid))).toBe(kid);
});

it("what it names its marks with outlasts an eviction", async () => {
  const secret = await federation().markSecret();
  await abortAllDurableObjects();
  expect(await federation().markSecret()).toBe(secret);
});

it("the private key is in no answer", async () => {
  const answer = JSON.stringify(await sign());
  const stored = await runInDurableObject(federation(), async (_, { storage }) => {
    const keys = await storage.get<{ private_jwk: { d: string } }[]>("keys");
    return keys?.[0]?.private_jwk.d ?? "";
  });
  expect(stored.length).toBeGreaterThan(40);
  expect(answer).not.toContain(stored);
});

it("a nonce is still used after an eviction", async () => {
  expect(await link().noteNonce("n1")).toBe("new");
  await abortAllDurableObjects();
  expect([await link().noteNonce("n1"), await link().noteNonce("n2")]).toEqual(["used", "new"]);
});

it("nonces are forgotten when their signatures are too old, and a flood of them is refused", async () => {
  expect(await link().noteNonce("f1")).toBe("new");
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 125_000 });
  try {
    expect(await link().noteNonce("f2")).toBe("new");
    await runInDurableObject(link(), async (_, { storage }) => {
      const stored = storage.sql.exec<{ nonce: string }>("SELECT nonce FROM nonces").toArray();
      expect(stored.map(({ nonce }) => nonce)).toEqual(["f2"]);
      for (let i = 0; i < 5_000; i++) storage.sql.exec("INSERT INTO nonces VALUES (?, ?)", `flood-${i}`, Date.now());
    });
    expect(await link().noteNonce("f3")).toBe("full");
  } finally {
    vi.useRealTimers();
  }
});

it("a hub that can't be reached is down after its retries, and is asked again by the alarm after an eviction", async () => {
  const { texts, frames } = await watch();
  await until(() => expect(texts).toHaveLength(1));
  expect(frames()[0]).toMatchObject({
    type: "snapshot",
    hubs: [{ hub_id: "hub-b", status: "unknown", freshness: "stale" }],
  });
  await link().wake("hub-b");
  await until(async () => expect((await getHub(db, "hub-b"))?.error).toContain("can't be reached"));
  await abortAllDurableObjects();
  await until(async () => expect((await getHub(db, "hub-b"))?.status).toBe("down"));
  const row = await getHub(db, "hub-b");
  expect(row).toMatchObject({ last_heard_at: null, trust: "approved" });
});

it("a watcher gets what it missed, and a snapshot when the object has forgotten it", async () => {
  const first = await watch();
  await until(() => expect(first.frames()).toHaveLength(1));
  await federation().announce([{ type: "hub_removed", hub_id: "hub-x" }]);
  await until(() => expect(first.frames()).toHaveLength(2));
  const [snapshot, removed] = first.frames();
  const resumed = await watch(`?since=${snapshot.seq}`);
  await until(() => expect(resumed.frames()).toEqual([{ type: "hub_removed", hub_id: "hub-x", seq: removed.seq }]));
  resumed.socket.send("what?");
  await until(() => expect(resumed.frames().at(-1)).toMatchObject({ type: "error" }));
  resumed.socket.send("ping");
  await until(() => expect(resumed.texts.at(-1)).toBe("pong"));
  await abortAllDurableObjects();
  const again = await watch(`?since=${removed.seq}`);
  await until(() => expect(again.frames()[0]).toMatchObject({ type: "snapshot", hubs: [{ hub_id: "hub-b" }] }));
});

it("a hub that is only heard of on NATS is shown and never asked", async () => {
  await federation().heard({ hub_id: "hub-n", overall_status: "degraded", service_count: 7 });
  await federation().heard({ hub_id: "hub-b", overall_status: "unhealthy", service_count: 7 });
  expect(await getHub(db, "hub-n")).toMatchObject({ trust: "heard", source: "nats", service_count: 7, url: null });
  expect(await getHub(db, "hub-b")).toMatchObject({ trust: "approved", overall_status: null });
  expect(await federation().approve("hub-n", null)).toBeNull();
});

it("the tick wakes hubs whose pull is overdue, also when everything was evicted before, and leaves the others", async () => {
  const asked: string[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    asked.push(new URL(input instanceof Request ? input.url : String(input)).origin);
    return new Response(null, { status: 204 });
  });
  const about = { name: null, region: null, version: "1", protocol: "2.0", capabilities: [] };
  const fields = { source: "registered", known_kid: "old", keys: [], registered_from: null } as const;
  for (const name of ["overdue", "recent", "waiting"]) {
    const trust = name === "waiting" ? "pending" : "approved";
    const hub = { hub_id: name, url: `https://${name}.example.com`, ...about };
    await saveHub(db, hub, { ...fields, keys: [], trust }, Date.now());
  }
  const next = async (hubId: string, at: number) =>
    await env.DB.prepare("UPDATE hubs SET next_sync_at = ? WHERE hub_id = ?").bind(at, hubId).run();
  await next("overdue", Date.now() - 3_600_000);
  for (const hubId of ["recent", "waiting", "hub-b"]) await next(hubId, Date.now() + 600_000);
  await abortAllDurableObjects();
  await federation().tick();
  await until(() => expect([...new Set(asked)]).toEqual(["https://overdue.example.com"]));
});
