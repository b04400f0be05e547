/**
 * The Worker and its objects with another hub, whose answers are made up here, so that every refusal is reached. System
 * tests do the same with real servers.
 */
import { abortAllDurableObjects, applyD1Migrations, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import { type HubDocument, PROTOCOL, type SyncPage } from "../../src/core/federation/federation.ts";
import { joinProof } from "../../src/federation/join-proof.ts";
import { importPrivateKey, type KeyPair, newKeyPair, toPublicKey } from "../../src/federation/keys.ts";
import { newNonce, signAnswer, signRequest } from "../../src/federation/signatures.ts";
import { boardOf, federationOf, peerLinkOf } from "../../src/platform/object-stubs.ts";
import { openDatabase } from "../../src/store/database.ts";
import { getHub } from "../../src/store/federation/hubs.ts";
import { registryState } from "../../src/store/registry/registry-changes.ts";
import { until } from "../until.ts";

const HUB = "https://hub.test";
const TOKEN = "join-token-of-the-tests";
const bindings = env as never; // the bindings of wrangler.toml
const db = openDatabase(env.DB);

let count = 0;
let id: string;
let url: string;
let key: KeyPair;
let document: HubDocument;
let page: Partial<SyncPage> | null;
/** What the other hub answers first; null: nothing special. */
let answer: ((path: string, init?: RequestInit) => Response | null) | null;
let asked: { path: string; body: string }[];

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

beforeEach(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  id = `other-${count++}`;
  url = `https://${id}.example.com`;
  key = await newKeyPair(Date.now());
  const about = { name: "Other", region: "enam", version: "9", protocol: PROTOCOL, capabilities: ["sync"] };
  document = { hub_id: id, url, ...about, keys: [toPublicKey(key)] };
  [page, answer, asked] = [null, null, []];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const to = new URL(input instanceof Request ? input.url : String(input));
    if (!to.hostname.endsWith(".example.com")) return await real(input, init);
    asked.push({ path: to.pathname, body: String(init?.body ?? "") });
    return await signed(answerOf(to, init), to, init);
  });
  for (const level of ["log", "warn"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(async () => {
  await federationOf(bindings).left(id);
  vi.restoreAllMocks();
});

function answerOf(to: URL, init?: RequestInit): Response {
  const special = to.origin === url ? answer?.(to.pathname, init) : null;
  if (special != null) return special;
  if (to.origin !== url) return json({ detail: "nobody is here" }, 404);
  if (to.pathname === "/.well-known/hub") return json(document);
  if (to.pathname === "/api/federation/sync") return page === null ? new Response(null, { status: 204 }) : json(page);
  return new Response(null, { status: 202 });
}

/** The other hub signs what it answers, with the key that it has now. */
async function signed(response: Response, to: URL, init?: RequestInit): Promise<Response> {
  if (response.headers.has("x-unsigned")) return response;
  const text = await response.text();
  const body = text === "" ? null : text;
  const request = { method: init?.method ?? "GET", url: to.href, body: null, headers: new Headers(init?.headers) };
  const signer = { kid: key.kid, privateKey: await importPrivateKey(key) };
  const headers = await signAnswer({ status: response.status, body }, request, signer, Date.now());
  return new Response(body, { status: response.status, headers });
}

async function send(
  method: "GET" | "POST",
  path: string,
  body?: object,
  over: { nonce?: string; at?: number; by?: KeyPair } = {},
) {
  const { nonce = newNonce(), at = Date.now(), by = key } = over;
  const text = body === undefined ? null : JSON.stringify(body);
  const signer = { kid: by.kid, privateKey: await importPrivateKey(by) };
  const headers = await signRequest({ method, url: `${HUB}${path}`, body: text }, signer, { now: at, nonce });
  const init = { method, headers: { ...headers, "content-type": "application/json" } };
  return await SELF.fetch(`${HUB}${path}`, text === null ? init : { ...init, body: text });
}

async function admin(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };
  const response = await SELF.fetch(`${HUB}${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

async function register(over: object = {}, nonce = newNonce()) {
  const registration = { hub_id: id, url, protocol: PROTOCOL, key: toPublicKey(key) };
  return await send("POST", "/api/federation/register", { ...registration, ...over }, { nonce });
}
async function registerWithToken(token = TOKEN) {
  const nonce = newNonce();
  const proof = await joinProof(token, { from: id, to: "hub-main", kid: key.kid, nonce });
  return await register({ proof }, nonce);
}

const peer = async () => {
  const { body } = await admin("GET", "/api/federation/hubs");
  return (body.hubs as Peer[]).find(({ hub_id }) => hub_id === id);
};
const services = async (query = "") => (await admin("GET", `/api/federation/services?${query}`)).body;

async function expectRefused(response: Response, status: number, words: string): Promise<void> {
  const { detail } = (await response.json()) as { detail: string };
  expect([response.status, detail]).toEqual([status, expect.stringContaining(words)]);
}

function aPage(services: object[], over: Partial<SyncPage> = {}): Partial<SyncPage> {
  const base = {
    tags: ["x"],
    capabilities: ["y"],
    metadata: {},
    depends_on: [],
    version: null,
    port: null,
    address: null,
  };
  const state = { status: "up", status_since: new Date().toISOString(), flip_seq: 1, latency_ms: 5, type: "api" };
  const filled = services.map((service) => ({
    ...base,
    ...state,
    project: "far",
    ...service,
  })) as unknown as SyncPage["services"]; // the parts of each are given
  const head = { hub_id: id, epoch: "e", revision: 5, full: true, deleted: [], hubs: [], next: null, mark: "m" };
  return { ...head, services: filled, ...over };
}

it("says who it is, without the private part of its key", async () => {
  const response = await SELF.fetch(`${HUB}/.well-known/hub`);
  const own = (await response.json()) as HubDocument;
  expect(own).toMatchObject({
    hub_id: "hub-main",
    url: HUB,
    protocol: "2.0",
    keys: [{ alg: "ed25519", not_after: null }],
  });
  expect(Object.keys(own.keys[0] ?? {}).sort()).toEqual(["alg", "kid", "not_after", "x"]);
});

it("takes in a hub that knows the join token, proves itself, and copies its services", async () => {
  page = aPage([
    { id: 1, name: "api" },
    { id: 2, name: "db", status: "down" },
  ]);
  const answered = await registerWithToken();
  expect(answered.status).toBe(200);
  expect(await answered.json()).toMatchObject({
    trust: "approved",
    hub: { hub_id: "hub-main" },
    proof: expect.any(String),
  });
  await until(async () => expect(await peer()).toMatchObject({ status: "up", service_count: 2, error: null }));
  expect(await peer()).toMatchObject({
    overall_status: "unhealthy",
    freshness: "live",
    source: "registered",
    region: "enam",
  });
  const found = async (query: string) =>
    ((await services(`hub=${id}&${query}`)).services as { name: string }[]).map(({ name }) => name);
  expect(await found("")).toEqual(["api", "db"]);
  expect(await found("healthy=true")).toEqual(["api"]);
  expect(await found("healthy=false")).toEqual(["db"]);
  expect(await found("status=down&tag=x&capability=y&type=api&project=far")).toEqual(["db"]);
  expect(await found("name=api&near=enam")).toEqual(["api"]);
  expect((await services("limit=1")).total).toBeGreaterThan(1);
  const { body } = await admin("GET", `/api/federation/services?hub=${id}&limit=1`);
  expect(await found(`cursor=${body.next_cursor}`)).toEqual(["db"]);
  expect((await admin("GET", "/api/federation/services?cursor=nobody~1")).status).toBe(400);
  expect(await (await send("GET", "/api/federation/sync?since=0")).json()).toMatchObject({
    hub_id: "hub-main",
    full: true,
  });
});

it("brings its own copy up to date: what is new, what is gone, and a flip that was pushed before", async () => {
  page = aPage([
    { id: 1, name: "api" },
    { id: 2, name: "db" },
  ]);
  await registerWithToken();
  await until(async () => expect(await peer()).toMatchObject({ service_count: 2 }));
  const flip = {
    service_id: 1,
    seq: 2,
    from: "up",
    to: "down",
    reason: "gone",
    project: "far",
    name: "api",
    latency_ms: null,
  };
  const at = new Date().toISOString();
  page = null;
  const events = { hub_id: id, flips: [{ ...flip, at, began_at: at }] };
  expect((await send("POST", "/api/federation/events", events)).status).toBe(202);
  expect((await services(`hub=${id}&name=api`)).services).toMatchObject([{ health_status: "down", healthy: false }]);
  page = aPage([{ id: 3, name: "web" }], { full: false, deleted: [2], revision: 9 });
  await send("POST", "/api/federation/events", { hub_id: id, changed: true });
  await until(async () => expect(await getHub(db, id)).toMatchObject({ revision: 9, service_count: 2 }));
  page = aPage([], { full: false, revision: 3 });
  await peerLinkOf(bindings, id).wake(id);
  await until(async () => expect((await peer())?.error).toContain("do not rise"));
});

it("pushes flips and registrations to hubs that it trusts", async () => {
  await registerWithToken();
  await until(async () => expect(await peer()).toMatchObject({ status: "up" }));
  const body = { health_method: "heartbeat", health_interval: 3_600 };
  const { body: made } = await admin("PUT", `/api/projects/shop/services/s-${count}`, body);
  await admin("POST", `/api/services/${made.id}/heartbeat`, { status: "pass" });
  await until(() => {
    const bodies = asked
      .filter(({ path }) => path === "/api/federation/events")
      .map((each) => each.body)
      .join();
    expect(bodies).toContain(`"name":"s-${count}"`);
    expect(bodies).toContain('"changed":true');
  });
  answer = () => json({ detail: "full" }, 500);
  await federationOf(bindings).changed();
  await boardOf(bindings).setPeers(0);
  await federationOf(bindings).tick();
});

it("lets a hub without the token wait for an admin", async () => {
  expect(await (await register()).json()).toEqual({
    trust: "pending",
    hub: expect.objectContaining({ hub_id: "hub-main" }),
  });
  expect(await peer()).toMatchObject({ status: "pending", freshness: "stale", last_seen: null });
  await expectRefused(await send("GET", "/api/federation/sync"), 403, "waits for the approval");
  expect((await admin("POST", `/api/federation/hubs/${id}/approve`)).status).toBe(204);
  await until(async () => expect(await peer()).toMatchObject({ status: "up" }));
  expect(await (await register()).json()).toMatchObject({ trust: "approved" });
  expect((await admin("POST", "/api/federation/hubs/nobody/approve")).status).toBe(404);
  expect((await admin("DELETE", "/api/federation/hubs/nobody")).status).toBe(404);
});

it("removes a hub, tells it, and takes it in again through an admin only", async () => {
  await registerWithToken();
  expect((await admin("DELETE", `/api/federation/hubs/${id}`)).status).toBe(204);
  await until(() => expect(asked.map(({ path }) => path)).toContain("/api/federation/leave"));
  await expectRefused(await send("GET", "/api/federation/sync"), 403, "was removed here");
  await expectRefused(await registerWithToken(), 403, "was removed here");
  await expectRefused(await registerWithToken(), 403, "was removed here");
  answer = (path) => (path === "/api/federation/register" ? json({ trust: "approved", hub: document }) : null);
  expect(await federationOf(bindings).join(url, "asked")).toMatchObject({ ok: true, value: { trust: "approved" } });
  answer = (path) => (path === "/api/federation/leave" ? json({ detail: "no" }, 500) : null);
  await admin("DELETE", `/api/federation/hubs/${id}`);
  expect(await federationOf(bindings).join(url, "configured")).toMatchObject({ ok: false, error: { status: 409 } });
});

it("forgets a hub that leaves", async () => {
  await registerWithToken();
  await expectRefused(await send("POST", "/api/federation/leave", { hub_id: "hub-x" }), 403, "for itself only");
  expect((await send("POST", "/api/federation/leave", { hub_id: id })).status).toBe(204);
  expect(await getHub(db, id)).toBeUndefined();
});

it("refuses who claims to be another, speaks another version, has no key, or has another key than before", async () => {
  await expectRefused(await register({ hub_id: "hub-main" }), 409, "this hub's own");
  await expectRefused(await register({ hub_id: "hub-x" }), 400, "there is not the hub hub-x");
  await expectRefused(await register({ protocol: "1.0" }), 400, "version 1.0 of the protocol, this one 2.0: upgrade");
  await expectRefused(await register({ key: undefined }), 400, "names no valid key");
  await expectRefused(await register({ key: { ...toPublicKey(key), kid: "wrong" } }), 400, "names no valid key");
  const right = document;
  const wrong: [Partial<HubDocument>, string][] = [
    [{ protocol: "3.1" }, "version 3.1"],
    [{ url: "https://elsewhere.example.com" }, "it answers 404: nobody is here"],
    [{ keys: [{ ...toPublicKey(key), kid: "wrong" }] }, "the key belongs to no hub that this one trusts"],
    [{ hub_id: "NOT AN ID" }, "not as agreed"],
  ];
  for (const [over, words] of wrong) {
    document = { ...right, ...over };
    await expectRefused(await register(), 400, "no hub answers at that address as it should"); // whoever asks that
    await expectRefused(await registerWithToken(), 400, words);
  }
  document = right;
  answer = () => new Response("<h1>hello</h1>");
  await expectRefused(await registerWithToken(), 400, "not JSON");
  answer = () => new Response(JSON.stringify(document), { headers: { "x-unsigned": "1" } });
  await expectRefused(await registerWithToken(), 400, "the answer is not signed");
  answer = null;
  await registerWithToken();
  key = await newKeyPair(Date.now());
  document = { ...right, keys: [toPublicKey(key)] };
  await expectRefused(await register(), 409, "another key");
  expect(await federationOf(bindings).join(url, "asked")).toMatchObject({ ok: false, error: { status: 409 } });
});

it("refuses requests that are unsigned, altered, old, sent before, or in the name of another", async () => {
  await registerWithToken();
  await expectRefused(await SELF.fetch(`${HUB}/api/federation/sync`), 401, "not signed");
  const nonce = newNonce();
  expect((await send("GET", "/api/federation/sync", undefined, { nonce })).status).toBe(200);
  await expectRefused(await send("GET", "/api/federation/sync", undefined, { nonce }), 401, "sent before");
  await expectRefused(
    await send("GET", "/api/federation/sync", undefined, { at: Date.now() - 90_000 }),
    401,
    "not valid",
  );
  await expectRefused(await send("POST", "/api/federation/events", { hub_id: "hub-x" }), 403, "another hub");
  const again = newNonce();
  await register({}, again);
  await expectRefused(await register({}, again), 401, "sent before");
});

it("says which address was expected when a signature was made for another one", async () => {
  await registerWithToken();
  const request = { method: "GET", url: "https://another-name.test/api/federation/sync", body: null };
  const signer = { kid: key.kid, privateKey: await importPrivateKey(key) };
  const headers = await signRequest(request, signer, { now: Date.now(), nonce: newNonce() });
  const answered = await SELF.fetch(`${HUB}/api/federation/sync`, { headers });
  await expectRefused(answered, 401, `expected for GET ${HUB}/api/federation/sync`);
  const words = "the signature is not valid: x; expected for GET https://a";
  answer = () => json({ detail: words }, 401);
  await peerLinkOf(bindings, id).wake(id);
  const signed = `signed for ${url}/api/federation/sync`;
  await until(async () => expect(await peer()).toMatchObject({ error: expect.stringContaining(signed) }));
  expect(await peer()).toMatchObject({ error: expect.stringContaining("expected for GET https://a") });
});

it("is not joined with a wrong token, and after some of them by nobody for a while", async () => {
  await expectRefused(await registerWithToken("a-token-of-somebody-else"), 401, "join token");
  for (let tries = 0; tries < 9; tries++) await registerWithToken("a-token-of-somebody-else");
  await expectRefused(await registerWithToken(), 429, "too many wrong join tokens");
  await abortAllDurableObjects();
});

it("joins a hub by its address, and those that it introduces with the token only", async () => {
  answer = (path) => (path === "/api/federation/register" ? json({ trust: "pending", hub: document }) : null);
  const joined = await admin("POST", "/api/federation/hubs", { url: `${url}/` });
  expect(joined).toEqual({ status: 200, body: { hub_id: id, trust: "approved", there: "pending" } });
  expect(await federationOf(bindings).join(url, "introduced")).toMatchObject({ ok: false, error: { status: 409 } });
  expect((await admin("POST", "/api/federation/hubs", { url: "https://nobody.example.com" })).status).toBe(400);
  answer = (path) =>
    path === "/api/federation/register" ? json({ trust: "approved", hub: { ...document, hub_id: "hub-x" } }) : null;
  expect(await federationOf(bindings).join(url, "asked")).toMatchObject({
    ok: false,
    error: { words: "the answer is of the hub hub-x" },
  });
  document = { ...document, hub_id: "hub-main" };
  expect(await federationOf(bindings).join(url, "asked")).toMatchObject({
    ok: false,
    error: { words: `at ${url} there is this hub itself` },
  });
  await federationOf(bindings).introduce([
    { hub_id: "hub-y", url: "https://y.example.com" },
    { hub_id: "hub-main", url: HUB },
  ]);
});

it("tells a hub of a new key with a request that is signed with the old one", async () => {
  await registerWithToken();
  const known = (await getHub(db, id))?.known_kid;
  expect((await admin("POST", "/api/federation/rotate-key")).status).toBe(204);
  await until(async () => expect((await getHub(db, id))?.known_kid).not.toBe(known));
  expect(asked.some(({ body }) => body.includes('"keys":[{"kid"'))).toBe(true);
  const next = await newKeyPair(Date.now());
  const events = { hub_id: id, keys: [toPublicKey(next), toPublicKey(key)] };
  const asNext = async (body?: object) =>
    body === undefined
      ? await send("GET", "/api/federation/sync", undefined, { by: next })
      : await send("POST", "/api/federation/events", body, { by: next });
  await expectRefused(await asNext({ hub_id: id }), 401, "belongs to no hub");
  expect((await send("POST", "/api/federation/events", events)).status).toBe(202);
  await expectRefused(await asNext(), 401, "belongs to no hub"); // anybody could list it
  expect((await asNext({ hub_id: id })).status).toBe(202);
  expect((await asNext()).status).toBe(200);
  expect((await send("GET", "/api/federation/sync")).status).toBe(200);
});

it("gives nobody a key by listing it, and takes none away from its owner", async () => {
  await registerWithToken();
  const victim = await newKeyPair(Date.now());
  const events = { hub_id: id, keys: [toPublicKey(key), toPublicKey(victim)] };
  expect((await send("POST", "/api/federation/events", events)).status).toBe(202);
  const [rogue, rogueId, rogueUrl] = [key, id, url];
  [id, url, key] = [`victim-${count}`, `https://victim-${count}.example.com`, victim];
  document = { ...document, hub_id: id, url, keys: [toPublicKey(victim)] };
  expect(await (await registerWithToken()).json()).toMatchObject({ trust: "approved" });
  expect((await send("GET", "/api/federation/sync")).status).toBe(200);
  const events2 = { hub_id: rogueId, keys: [toPublicKey(victim)] };
  expect((await send("POST", "/api/federation/events", events2, { by: rogue })).status).toBe(202);
  await expectRefused(await send("POST", "/api/federation/events", { hub_id: rogueId }), 403, "another hub");
  expect((await send("GET", "/api/federation/sync", undefined, { by: rogue })).status).toBe(200);
  expect((await getHub(db, id))?.url).toBe(url);
  await federationOf(bindings).left(id);
  [id, url, key] = [rogueId, rogueUrl, rogue];
});

it("lets nobody take the place of a known hub by what he says of it", async () => {
  await registerWithToken();
  const before = await getHub(db, id);
  const right = key;
  // The impostor lists the public key of the hub, and can't sign with it.
  const impostor = await newKeyPair(Date.now());
  key = { ...impostor, kid: right.kid };
  await expectRefused(await registerWithToken(), 400, "names no valid key");
  key = impostor;
  document = { ...document, keys: [toPublicKey(right), toPublicKey(impostor)], url: "https://evil.example.com" };
  await expectRefused(await registerWithToken(), 409, "another key");
  expect(await federationOf(bindings).join(url, "introduced")).toMatchObject({ ok: false });
  expect(await federationOf(bindings).join(url, "asked")).toMatchObject({ ok: false });
  expect(await getHub(db, id)).toMatchObject({ url: before?.url, keys: before?.keys });
  // Its answers are not believed either.
  page = aPage([{ id: 1, name: "evil" }]);
  await peerLinkOf(bindings, id).wake(id);
  await until(async () => expect(await peer()).toMatchObject({ error: expect.stringContaining("not believed") }));
  expect((await services(`hub=${id}`)).services).toEqual([]);
});

it("costs only itself what it claims to have: a mark that this hub never gave begins no epoch", async () => {
  await registerWithToken();
  const { epoch } = await registryState(db);
  const first = await (await send("GET", "/api/federation/sync?since=0")).json<SyncPage>();
  for (const query of [
    `since=5&head=99999999&epoch=${epoch}&mark=x`,
    `since=99999999&epoch=${epoch}`,
    `since=0&head=99999999&epoch=${epoch}&mark=${first.mark}`,
    `since=${first.revision}&epoch=${epoch}&mark=${first.mark}x`,
  ]) {
    const answered = await send("GET", `/api/federation/sync?${query}`);
    expect(answered.status, query).toBe(200);
    expect(await answered.json<SyncPage>(), query).toMatchObject({ full: true, epoch });
  }
  expect((await registryState(db)).epoch).toBe(epoch);
  const known = `since=${first.revision}&epoch=${epoch}&mark=${first.mark}`;
  expect((await send("GET", `/api/federation/sync?${known}`)).status).toBe(204);
});

it("shows the key of a hub that waits, and approves that one only", async () => {
  await register();
  expect(await peer()).toMatchObject({ status: "pending", key: key.kid });
  const approve = (kid: string) => admin("POST", `/api/federation/hubs/${id}/approve?key=${kid}`);
  expect(await approve("another")).toMatchObject({ status: 409, body: { detail: expect.stringContaining(key.kid) } });
  expect((await approve(key.kid)).status).toBe(204);
});

it("lets a proven hub take the place of a stranger who registered its id first", async () => {
  const [owner, stranger] = [key, await newKeyPair(Date.now())];
  key = stranger;
  document = { ...document, keys: [toPublicKey(stranger)] };
  expect(await (await register()).json()).toMatchObject({ trust: "pending" });
  key = owner;
  document = { ...document, keys: [toPublicKey(owner)] };
  await expectRefused(await register(), 409, "another key");
  expect(await (await registerWithToken()).json()).toMatchObject({ trust: "approved" });
  expect(await peer()).toMatchObject({ key: owner.kid });
});

it("shows in /health, /metrics and /api/flips how the others are", async () => {
  await registerWithToken();
  await until(async () => expect(await peer()).toMatchObject({ status: "up" }));
  answer = () => json({}, 500);
  await peerLinkOf(bindings, id).wake(id);
  await until(async () => expect(await peer()).toMatchObject({ status: "down", error: "it answers 500" }));
  const health = (await admin("GET", "/health")).body as { checks: Record<string, { status: string }[]> };
  expect(health.checks["federation:hubs"]).toMatchObject([{ status: "warn" }]);
  const headers = { authorization: "Bearer test-admin-token-0000" };
  const metrics = await (await SELF.fetch(`${HUB}/metrics`, { headers })).text();
  expect(metrics).toContain(`hub_peer_up{peer="${id}"} 0`);
  const { body } = await admin("GET", "/api/flips");
  expect(
    (body.hub_flips as { hub_id: string; to: string }[]).filter((flip) => flip.hub_id === id).map(({ to }) => to),
  ).toEqual(["down", "up"]);
});

it("finds the cause of an outage at another hub", async () => {
  page = aPage([
    { id: 1, name: "db", status: "down" },
    { id: 2, name: "api", status: "down", depends_on: ["db"] },
  ]);
  await registerWithToken();
  await until(async () => expect(await peer()).toMatchObject({ service_count: 2 }));
  const name = `shop-${count}`;
  const body = { health_method: "heartbeat", health_interval: 3_600, depends_on: [`${id}/far/api`, `${id}/far/none`] };
  const { body: made } = await admin("PUT", `/api/projects/shop/services/${name}`, body);
  await admin("POST", `/api/services/${made.id}/heartbeat`, { status: "pass" });
  await admin("POST", `/api/services/${made.id}/heartbeat`, { status: "fail" });
  const { body: graph } = await admin("GET", "/api/dependencies");
  const nodes = graph.nodes as { id: number; name: string; hub_id: string; root_cause?: number[] }[];
  const cause = nodes.find((node) => node.name === "db" && node.hub_id === id);
  expect(nodes.find((node) => node.name === name)?.root_cause).toEqual([cause?.id]);
  expect(graph.missing).toContainEqual({ from: made.id, to: `${id}/far/none` });
});
