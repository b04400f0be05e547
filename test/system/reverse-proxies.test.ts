/** What people and programs do with a hub, through nginx and Caddy with the example files of the documentation. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Peer } from "../../src/core/board/live-protocol.ts";
import { call } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import { freePort } from "../servers/child-process.ts";
import { hasCaddy, type ReverseProxy, startCaddyBefore, startNginxBefore } from "../servers/reverse-proxies.ts";
import { until } from "../until.ts";

const JOIN_TOKEN = "join-token-of-the-tests";
const SERVICES = 1_000;
/** Of each service, so that all together have 3 MB. */
const METADATA_CHARS = 2_900;

let certificates: Certificates;
let hub: HubProcess;
/** Of nginx, without TLS. */
let plainPort: number;

beforeAll(async () => {
  plainPort = await freePort();
  const vars = { HUB_ID: "hub-behind", HUB_URL: `http://localhost:${plainPort}`, FEDERATION_TOKEN: JOIN_TOKEN };
  [certificates, hub] = await Promise.all([makeCertificates(), startHub({ vars, args: ["--quiet"] })]);
});
afterAll(async () => {
  await hub?.remove();
  await certificates?.remove();
});

interface Answer {
  status: number | undefined;
  cookies: string[];
  body: string;
}

const PROXIES = [
  ["nginx", startNginxBefore, () => true],
  ["Caddy", startCaddyBefore, hasCaddy],
] as const;

describe.each(PROXIES)("a hub behind %s", (name, start, isInstalled) => {
  let proxy: ReverseProxy | undefined;

  beforeAll(async () => {
    if (isInstalled()) proxy = await start({ port: Number(new URL(hub.url).port), certificate: certificates.trusted });
  });
  afterAll(() => proxy?.stop());

  async function ask(method: string, path: string, headers: Record<string, string> = {}, body = ""): Promise<Answer> {
    const ca = readFileSync(certificates.caFile);
    const asked = request(new URL(path, proxy?.url), { method, headers, ca });
    asked.on("error", () => {}); // a proxy may close the connection while it is sent too much
    asked.end(body);
    const [response] = await once(asked, "response");
    const cookies: string[] = response.headers["set-cookie"] ?? [];
    return { status: response.statusCode, cookies, body: await text(response).catch(() => "") };
  }
  const authorization = () => `Bearer ${hub.token}`;
  const json = { "content-type": "application/json" };
  const skipIfMissing = (skip: (note: string) => void) => {
    if (proxy === undefined) skip(`${name} is not installed`);
  };

  test("tells how it is, and has its dashboard", async ({ skip }) => {
    skipIfMissing(skip);
    expect(await ask("GET", "/health")).toMatchObject({ status: 200, body: expect.stringContaining('"status"') });
    expect((await ask("GET", "/")).body).toContain("<title>");
  });

  test("signs in its own pages only, with a cookie for HTTPS only", async ({ skip }) => {
    skipIfMissing(skip);
    const key = JSON.stringify({ key: hub.token });
    const signedIn = await ask("POST", "/api/session", { ...json, origin: proxy?.url ?? "" }, key);
    expect(signedIn.status).toBe(200);
    const [cookie = ""] = signedIn.cookies;
    expect(cookie).toMatch(/^hub_session/);
    for (const part of ["HttpOnly", "SameSite=Strict", "Secure"])
      expect(cookie.toLowerCase()).toContain(part.toLowerCase());
    const session = await ask("GET", "/api/session", { cookie: cookie.split(";")[0] ?? "" });
    expect(JSON.parse(session.body)).toMatchObject({ signed_in: true, scope: "admin" });
    const stranger = await ask("POST", "/api/session", { ...json, origin: "https://elsewhere.example" }, key);
    expect(stranger.status).toBe(403);
  });

  test("streams what happens over a WebSocket, and answers its pings", async ({ skip }) => {
    skipIfMissing(skip);
    const url = `${proxy?.url.replace("https", "wss")}/ws/health`;
    const socket = new WebSocket(url, ["hub.v1", `bearer.${hub.token}`], { ca: readFileSync(certificates.caFile) });
    const [first] = await once(socket, "message");
    expect(JSON.parse(String(first))).toMatchObject({ type: "snapshot" });
    const answer = once(socket, "message");
    socket.send("ping");
    expect(String((await answer)[0])).toBe("pong");
    socket.close();
  });

  test("takes a manifest of 3 MB, and refuses what is larger than any", async ({ skip }) => {
    skipIfMissing(skip);
    const project = await ask(
      "POST",
      "/api/projects",
      { ...json, authorization: authorization() },
      `{"name":"${name.toLowerCase()}"}`,
    );
    const path = `/api/projects/${JSON.parse(project.body).id}/manifest?dry_run=true`;
    const services = Array.from({ length: SERVICES }, (_, index) => ({
      name: `service-${index}`,
      health_method: "heartbeat",
      health_url: "",
      health_interval: 60,
      metadata: { note: "n".repeat(METADATA_CHARS) },
    }));
    const headers = { ...json, authorization: authorization() };
    const manifest = JSON.stringify({ services });
    expect(manifest.length).toBeGreaterThan(3_000_000);
    const planned = await ask("PUT", path, headers, manifest);
    expect({ ...planned, body: planned.body.slice(0, 200) }).toMatchObject({ status: 200 });
    // Caddy says 502 when the hub has refused the body before Caddy has sent all of it.
    expect([413, 502]).toContain((await ask("PUT", path, headers, " ".repeat(6_000_000))).status);
  });

  test("holds an agent's question until its time is over", async ({ skip }) => {
    skipIfMissing(skip);
    const agent = await ask("PUT", `/api/agents/${name.toLowerCase()}`, { authorization: authorization() });
    const headers = { authorization: `Bearer ${JSON.parse(agent.body).key}` };
    const path = `/api/agents/${name.toLowerCase()}/checks`;
    const ca = readFileSync(certificates.caFile);
    const asked = request(new URL(path, proxy?.url), { headers, ca }).end();
    const [first] = await once(asked, "response");
    await text(first);
    expect(first.statusCode).toBe(200);
    const unchanged = { ...headers, "if-none-match": String(first.headers.etag) };
    const began = Date.now();
    expect((await ask("GET", `${path}?wait=5`, unchanged)).status).toBe(304);
    expect(Date.now() - began).toBeGreaterThan(1_500);
  });
});

test("another hub joins one behind a proxy at its public address, which both sign", async () => {
  const port = Number(new URL(hub.url).port);
  const proxy = await startNginxBefore({ port, certificate: certificates.trusted, plainPort });
  const vars = {
    HUB_ID: "hub-outside",
    FEDERATION_TOKEN: JOIN_TOKEN,
    FEDERATION_PEERS: `http://localhost:${plainPort}`,
  };
  const other = await startHub({ vars, args: ["--quiet"] });
  const seen = async (from: HubProcess) => (await call<{ hubs: Peer[] }>(from, "GET", "/api/federation/hubs")).hubs;
  await until(async () => {
    expect(await seen(other)).toMatchObject([{ hub_id: "hub-behind", status: "up", error: null }]);
    expect(await seen(hub)).toMatchObject([{ hub_id: "hub-outside", status: "up", error: null }]);
  });
  await other.remove();
  await proxy.stop();
});
