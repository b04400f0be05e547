/** What a hub refuses of others, each with a word in its log. Both sides are real processes or real servers. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import { joinProof } from "../../src/federation/join-proof.ts";
import { newKeyPair, toPublicKey } from "../../src/federation/keys.ts";
import { newNonce } from "../../src/federation/signatures.ts";
import { call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type RogueHub, startRogueHub } from "../processes/rogue-hub.ts";
import { until } from "../until.ts";

const TOKEN = "join-token-of-the-tests";
const NOTHING = { full: true, services: [], deleted: [], hubs: [], next: null, mark: "m", epoch: "e", revision: 0 };

let hub: HubProcess;
let rogue: RogueHub;
let count = 0;

beforeAll(async () => {
  hub = await startHub({ vars: { HUB_ID: "hub-a", FEDERATION_TOKEN: TOKEN, FEDERATION_INTERVAL: "5" } });
});
afterAll(() => hub.remove());

beforeEach(async ({ onTestFinished }) => {
  rogue = await startRogueHub(`rogue-${count++}`);
  onTestFinished(() => rogue.stop());
});

const peers = async () => (await call<{ hubs: Peer[] }>(hub, "GET", "/api/federation/hubs")).hubs;
const peer = async () => (await peers()).find(({ hub_id }) => hub_id === rogue.hubId);
const logged = (text: string) => hub.lines.some((line) => line.includes('"federation.') && line.includes(text));

async function proofOf(nonce: string, token = TOKEN): Promise<string> {
  return await joinProof(token, { from: rogue.hubId, to: "hub-a", kid: rogue.key.kid, nonce });
}

/** Becomes a trusted hub, as one whose admin turned bad. */
async function becomeTrusted(): Promise<void> {
  const nonce = newNonce();
  const registration = rogue.registration({ proof: await proofOf(nonce) });
  const answer = await rogue.send(hub.url, "POST", "/api/federation/register", registration, { nonce });
  expect(await answer.json()).toMatchObject({ trust: "approved" });
}

async function refused(response: Response, status: number, words: string): Promise<void> {
  expect({ status: response.status, ...(await response.json()) }).toMatchObject({
    status,
    detail: expect.stringContaining(words),
  });
  await until(() => expect(logged(words)).toBe(true));
}

const SYNC = "/api/federation/sync?since=0";

test("a request without a signature", async () => {
  await refused(await fetch(`${hub.url}${SYNC}`), 401, "the request is not signed");
});

test("a key that belongs to nobody, and a key of another that claims to be a trusted one", async () => {
  await becomeTrusted();
  const own = await newKeyPair(Date.now());
  await refused(await rogue.send(hub.url, "GET", SYNC, undefined, { key: own }), 401, "belongs to no hub");
  const borrowed = { ...own, kid: rogue.key.kid };
  await refused(
    await rogue.send(hub.url, "GET", SYNC, undefined, { key: borrowed }),
    401,
    "the signature is not valid",
  );
});

test("a body that was altered on the way", async () => {
  await becomeTrusted();
  const events = { hub_id: rogue.hubId, changed: true };
  const answer = await rogue.send(hub.url, "POST", "/api/federation/events", events, {
    forge: (sent) => ({ ...sent, body: sent.body?.replace("true", "false") ?? null }),
  });
  await refused(answer, 401, "the body is not the one that was signed");
});

test("a request that was sent before", async () => {
  await becomeTrusted();
  let copy: RequestInit & { url: string } = { url: "" };
  const first = await rogue.send(hub.url, "GET", SYNC, undefined, {
    forge: (sent) => {
      copy = { url: sent.url, headers: sent.headers };
      return sent;
    },
  });
  expect(first.status).toBe(200);
  await refused(await fetch(copy.url, copy), 401, "the request was sent before");
});

test.each([-62_000, 62_000])("a request that is dated %i ms off", async (off) => {
  await becomeTrusted();
  const answer = await rogue.send(hub.url, "GET", SYNC, undefined, { at: Date.now() + off });
  await refused(answer, 401, "the signature is not valid");
});

test("events in the name of another hub", async () => {
  await becomeTrusted();
  const answer = await rogue.send(hub.url, "POST", "/api/federation/events", { hub_id: "hub-b", changed: true });
  expect(answer.status).toBe(403);
});

test("services of another hub in an answer", async () => {
  rogue.sync = (request, response) => rogue.answer(request, response, { ...NOTHING, hub_id: "hub-b" });
  await becomeTrusted();
  await until(async () => expect(await peer()).toMatchObject({ error: "the answer is of the hub hub-b" }));
  expect(logged("the answer is of the hub hub-b")).toBe(true);
});

test("a hub that claims our own hub_id", async () => {
  await refused(await rogue.register(hub.url, { hub_id: "hub-a" }), 409, "is this hub's own");
});

test("a hub that claims to be another one", async () => {
  await refused(await rogue.register(hub.url, { hub_id: "hub-b" }), 400, "there is not the hub hub-b");
});

test("a hundred megabytes of services: no more than a page's size is read of it", async () => {
  let written = 0;
  rogue.sync = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const chunk = "x".repeat(1_000_000);
    const pump = (): void => {
      while (written < 100 && !response.destroyed) {
        written += 1;
        if (!response.write(chunk)) {
          response.once("drain", pump);
          return;
        }
      }
      response.end();
    };
    pump();
  };
  await becomeTrusted();
  await until(async () => expect(await peer()).toMatchObject({ error: expect.stringContaining("larger than") }));
  expect(written).toBeLessThan(100);
  expect((await hub.fetch("/health")).status).toBe(200);
});

test("pages without an end", async () => {
  let revision = 0;
  rogue.sync = (request, response) => {
    revision += 500;
    const asked = new URL(request.url ?? "", "http://rogue").searchParams;
    const services = Array.from({ length: 500 }, (_each, index) => aService(revision + index));
    rogue.answer(request, response, {
      ...NOTHING,
      hub_id: rogue.hubId,
      revision: 9_999_999,
      next: revision,
      full: asked.get("epoch") !== NOTHING.epoch,
      services,
    });
  };
  await becomeTrusted();
  await until(async () => expect(await peer()).toMatchObject({ error: "more than 20000 services" }));
  const { service_count = 0 } = (await peer()) ?? {};
  expect(service_count).toBeLessThanOrEqual(41_000);
});

test("an address that leads to us", async () => {
  const { url } = hub;
  await refused(await rogue.register(hub.url, { url }), 400, `there is not the hub ${rogue.hubId}`);
  const joined = await hub.fetch("/api/federation/hubs", post({ url }));
  expect({ status: joined.status, ...((await joined.json()) as object) }).toMatchObject({
    status: 409,
    detail: expect.stringContaining("this hub itself"),
  });
});

test("a redirect", async () => {
  rogue.intercept = (_request, response) => {
    response.writeHead(302, { location: `${hub.url}/.well-known/hub` }).end();
    return true;
  };
  await refused(await rogue.register(hub.url), 400, "no hub answers at that address as it should");
  await until(() => expect(logged("redirect")).toBe(true));
});

test("another key for a hub that is known, until an admin removes the hub", async () => {
  await becomeTrusted();
  const old = rogue.key;
  rogue.key = await newKeyPair(Date.now());
  rogue.document = { ...rogue.document, keys: [toPublicKey(rogue.key), toPublicKey(old)] };
  await refused(await rogue.register(hub.url), 409, "registered with another key");
  const remove = () => call(hub, "DELETE", `/api/federation/hubs/${rogue.hubId}`);
  await remove();
  await refused(await rogue.register(hub.url), 403, "was removed here; an admin can approve it again");
  await remove();
  expect(await (await rogue.register(hub.url)).json()).toMatchObject({ trust: "pending" });
});

test("a removed hub, which knows the join token all the same", async () => {
  await becomeTrusted();
  await call(hub, "DELETE", `/api/federation/hubs/${rogue.hubId}`);
  await until(() => expect(rogue.asked).toContain("/api/federation/leave"));
  await refused(await rogue.send(hub.url, "GET", SYNC), 403, "was removed here");
  for (let times = 0; times < 3; times++) {
    const nonce = newNonce();
    const registration = rogue.registration({ proof: await proofOf(nonce) });
    const again = await rogue.send(hub.url, "POST", "/api/federation/register", registration, { nonce });
    await refused(again, 403, "was removed here");
  }
  expect(await peer()).toBeUndefined();
  await call(hub, "POST", `/api/federation/hubs/${rogue.hubId}/approve`);
  expect((await rogue.send(hub.url, "GET", SYNC)).status).toBe(200);
});

test("another major version of the protocol, with words; a newer minor one with unknown fields is fine", async () => {
  await refused(
    await rogue.register(hub.url, { protocol: "1.0" }),
    400,
    "version 1.0 of the protocol, this one 2.0: upgrade",
  );
  await refused(await rogue.register(hub.url, { protocol: "3.0" }), 400, "version 3.0 of the protocol");
  rogue.document = { ...rogue.document, protocol: "2.7", future: true } as typeof rogue.document;
  const service = { ...aService(1), type: "quantum", entangled: true };
  const page = { ...NOTHING, hub_id: rogue.hubId, revision: 1, services: [service], more: { from: "2.7" } };
  rogue.sync = (request, response) => rogue.answer(request, response, page);
  const nonce = newNonce();
  const registration = rogue.registration({ protocol: "2.7", proof: await proofOf(nonce), more: 1 });
  const answer = await rogue.send(hub.url, "POST", "/api/federation/register", registration, { nonce });
  expect(await answer.json()).toMatchObject({ trust: "approved" });
  await until(async () => {
    const path = `/api/federation/services?hub=${rogue.hubId}`;
    const { services } = await call<{ services: object[] }>(hub, "GET", path);
    expect(services).toMatchObject([{ name: "s-1", service_type: "other" }]);
  });
});

test("an address with a query, a fragment or a user, which would be asked for something else", async () => {
  for (const url of [`${rogue.url}/delete?all=1&x=`, `${rogue.url}/#`, rogue.url.replace("//", "//user:word@")]) {
    const answer = await rogue.register(hub.url, { url });
    expect({ url, status: answer.status }).toEqual({ url, status: 400 });
  }
  expect(rogue.asked).toEqual([]);
});

test("a registration that is not signed by the key that it names: nobody is called before that is checked", async () => {
  const other = toPublicKey(await newKeyPair(Date.now()));
  await refused(await rogue.register(hub.url, { key: other }), 401, "the key belongs to no hub that this one trusts");
  await refused(await rogue.register(hub.url, { key: { ...other, kid: rogue.key.kid } }), 400, "names no valid key");
  expect(rogue.asked).toEqual([]);
});

test("answers that nobody signed, or somebody else", async () => {
  const unsigned = rogue.answer;
  rogue.sync = (_request, response) => {
    const page = { ...NOTHING, hub_id: rogue.hubId, services: [aService(1)] };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(page));
  };
  await becomeTrusted();
  await until(async () => expect(await peer()).toMatchObject({ error: expect.stringContaining("is not signed") }));
  const known = await call<{ services: object[] }>(hub, "GET", `/api/federation/services?hub=${rogue.hubId}`);
  expect(known.services).toEqual([]);
  rogue.answer = unsigned;
});

test("a flood of introductions: ten of them are followed, and none touches a hub that is known", async () => {
  const asked: string[] = [];
  const bystander = await startRogueHub("bystander");
  bystander.intercept = (request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(404).end();
    return true;
  };
  const hubs = Array.from({ length: 100 }, (_, n) => ({ hub_id: `made-up-${n}`, url: `${bystander.url}/${n}` }));
  rogue.sync = (request, response) =>
    rogue.answer(request, response, { ...NOTHING, hub_id: rogue.hubId, revision: 1, hubs });
  await becomeTrusted();
  await until(() => expect(asked).toHaveLength(10));
  await bystander.stop();
});

test("a wrong join token, and after some of them everybody for a while", async () => {
  const attempt = async () => {
    const nonce = newNonce();
    const registration = rogue.registration({ proof: await proofOf(nonce, "another-token-of-nobody") });
    return await rogue.send(hub.url, "POST", "/api/federation/register", registration, { nonce });
  };
  await refused(await attempt(), 401, "the join token is not the one of this hub");
  for (let tries = 0; tries < 9; tries++) expect((await attempt()).status).toBe(401);
  await refused(await attempt(), 429, "too many wrong join tokens");
  expect(await peer()).toBeUndefined();
});

function aService(id: number) {
  return {
    id,
    project: "shop",
    name: `s-${id}`,
    type: "api",
    version: null,
    address: null,
    port: null,
    tags: [],
    capabilities: [],
    metadata: {},
    depends_on: [],
    status: "up",
    flip_seq: 1,
    latency_ms: 1,
    status_since: new Date().toISOString(),
  };
}

function post(body: object): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
