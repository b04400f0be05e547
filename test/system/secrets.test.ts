/** A secret is in no answer, no frame, no log line and no file of a hub, whether its services are well or not. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { call, type ServiceSeen } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type Watching, watch } from "../processes/watch.ts";
import { freePort, type Started } from "../servers/child-process.ts";
import { type Faulty, startFaulty } from "../servers/faulty.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { until } from "../until.ts";

/** Each has this in it, and nothing else does. */
const MARKER = "mArKeR7391";
const SECRETS = {
  HUB_ADMIN_TOKEN: `admin-${MARKER}-0123456789`,
  FEDERATION_TOKEN: `federation-${MARKER}-0123456789`,
  NATS_TOKEN: `nats-${MARKER}`,
  PROBE_SECRET_REDIS: `redis-${MARKER}`,
  PROBE_SECRET_POSTGRES: `postgres-${MARKER}`,
  PROBE_SECRET_HTTP: `http-${MARKER}`,
  PROBE_SECRET_WRONG: `wrong-${MARKER} "quoted" & /odd\\`,
};
/** The marker as it is, in base64 at each of the three places where it can begin, in hex and with its letters escaped. */
const FORMS = [
  MARKER,
  ...[0, 1, 2].map((skip) => Buffer.from(MARKER.slice(skip)).toString("base64").slice(0, 10)),
  Buffer.from(MARKER).toString("hex"),
];

let redis: Started;
let postgres: Started;
let faulty: Faulty;
let hub: HubProcess;
let watching: Watching;
let key: string;
let services: ServiceSeen[];

const tells = (text: string) => FORMS.some((form) => text.includes(form));

function expectNoSecret(what: string, text: string): void {
  const at = FORMS.map((form) => text.indexOf(form)).find((index) => index >= 0);
  expect(at === undefined ? "" : `${what}: ${text.slice(Math.max(0, at - 100), at + 60)}`).toBe("");
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

beforeAll(async () => {
  [redis, postgres, faulty] = await Promise.all([
    startRedis({ password: SECRETS.PROBE_SECRET_REDIS }),
    startPostgres({
      access: ["host all all 127.0.0.1/32 scram-sha-256"],
      setup: [`CREATE ROLE app LOGIN PASSWORD '${SECRETS.PROBE_SECRET_POSTGRES}'`],
    }),
    startFaulty(),
  ]);
  const nats = `ws://127.0.0.1:${await freePort()}`;
  hub = await startHub({ vars: { ...SECRETS, NATS_URL: nats, PROBE_VANTAGES: "weur" } });
  watching = await watch(hub);
  const created = await call<{ key: string }>(hub, "POST", "/api/keys", { name: "reader", scope: "read" });
  ({ key } = created);
  const page = `http://127.0.0.1:${faulty.port}`;
  const elsewhere = `http://localhost:${faulty.port}`;
  const http = { health_method: "http", health_options: { headers: { authorization: "Bearer ${PROBE_SECRET_HTTP}" } } };
  const post = { method: "POST", body: "${PROBE_SECRET_HTTP}" };
  const redisUrl = `127.0.0.1:${redis.port}`;
  const postgresUrl = `127.0.0.1:${postgres.port}/postgres?sslmode=disable`;
  const manifest = [
    {
      name: "redis-well",
      health_method: "redis",
      health_url: `redis://${redisUrl}`,
      health_options: { password: "${PROBE_SECRET_REDIS}" },
    },
    { name: "redis-url", health_method: "redis", health_url: `redis://:\${PROBE_SECRET_REDIS}@${redisUrl}` },
    { name: "redis-wrong", health_method: "redis", health_url: `redis://:\${PROBE_SECRET_WRONG}@${redisUrl}` },
    {
      name: "postgres-well",
      health_method: "postgres",
      health_url: `postgres://app:\${PROBE_SECRET_POSTGRES}@${postgresUrl}`,
    },
    {
      name: "postgres-wrong",
      health_method: "postgres",
      health_url: `postgres://app:\${PROBE_SECRET_WRONG}@${postgresUrl}`,
    },
    {
      name: "postgres-query",
      health_method: "postgres",
      health_url: `postgres://app:\${PROBE_SECRET_POSTGRES}@${postgresUrl}`,
      health_options: { query: "SELECT 1 FROM nowhere" },
    },
    { name: "http-well", ...http, health_url: `${page}/echo` },
    { name: "http-echo", health_method: "http", health_url: `${page}/echo-json`, health_options: post },
    {
      name: "http-missing",
      ...http,
      health_url: `${page}/echo`,
      health_options: { ...http.health_options, body_contains: "x${PROBE_SECRET_WRONG}" },
    },
    {
      name: "http-login",
      health_method: "http",
      health_url: `http://me:\${PROBE_SECRET_HTTP}@127.0.0.1:${faulty.port}/echo-json`,
    },
    {
      name: "http-path",
      health_method: "http",
      health_url: `${page}/echo-url/\${PROBE_SECRET_HTTP}?token=\${PROBE_SECRET_HTTP}`,
      health_options: { body_not_contains: "${PROBE_SECRET_HTTP}" },
    },
    {
      name: "http-away",
      ...http,
      health_url: `${page}/answer?status=302&location=${encodeURIComponent(`${elsewhere}/echo-json`)}`,
    },
    {
      name: "tcp",
      health_method: "tcp",
      health_url: `127.0.0.1:${faulty.ports.greeting}`,
      health_options: { send: "AUTH ${PROBE_SECRET_HTTP}\n", expect: "OK ${PROBE_SECRET_HTTP}" },
    },
    {
      name: "unset",
      ...http,
      health_url: `${page}/echo`,
      health_options: { headers: { cookie: "${PROBE_SECRET_NOT_SET}" } },
    },
  ].map((each) => ({ health_interval: 5, health_timeout: 4, health_retries: 1, ...each }));
  const { id } = await call<{ id: number }>(hub, "POST", "/api/projects", { name: "shop" });
  await call(hub, "PUT", `/api/projects/${id}/manifest`, { services: manifest });
  services = (await call<{ services: ServiceSeen[] }>(hub, "GET", "/api/services?project=shop")).services;
});
afterAll(async () => {
  watching?.close();
  await hub?.remove();
  await Promise.all([redis, postgres, faulty].map((server) => server?.stop()));
});

const WELL = ["redis-well", "redis-url", "postgres-well", "http-well"];
const DOWN = [
  "redis-wrong",
  "postgres-wrong",
  "postgres-query",
  "http-echo",
  "http-missing",
  "http-login",
  "http-path",
  "tcp",
];

describe("with services that are well and services that fail", () => {
  test("the secrets do reach their targets, and every service is judged", async () => {
    // On a busy machine the first answer may be slow.
    for (const name of WELL) await until(() => expect(watching.flips(name)[0]?.to).toMatch(/^(up|degraded)$/));
    for (const name of DOWN) await until(() => expect(watching.flips(name).map(({ to }) => to)).toContain("down"));
    const echo = watching.flips("http-echo")[0];
    expect(echo?.reason).toContain("${PROBE_SECRET_HTTP}");
    expect(watching.flips("http-path")[0]?.reason).toContain("the body contains");
    expect(watching.flips("http-away")[0]?.to).toMatch(/^(up|degraded)$/);
    for (const { id } of services) await hub.fetch(`/api/services/${id}/check`, { method: "POST" });
  });

  test("no answer of any route tells one, errors included", async () => {
    const document = await call<{ paths: Record<string, Record<string, unknown>> }>(hub, "GET", "/openapi.json");
    const gets = Object.entries(document.paths).flatMap(([path, methods]) => ("get" in methods ? [path] : []));
    expect(gets.length).toBeGreaterThan(12);
    const paths = gets.flatMap((path) =>
      services.map(({ id }) => path.replace(/\{[^}]+\}/g, path.includes("projects") ? "1" : `${id}`)),
    );
    const bad = [
      "/api/services?limit=x",
      "/api/services/999",
      "/api/nowhere",
      "/api/flips?since=x",
      "/docs",
      "/metrics",
      "/health",
    ];
    for (const path of new Set([...paths, ...bad])) {
      const answer = await hub.fetch(path);
      expectNoSecret(path, `${JSON.stringify([...answer.headers])} ${await answer.text()}`);
    }
    const post = (path: string, body: string) =>
      hub.fetch(path, { method: "POST", body, headers: { "content-type": "application/json" } });
    const plain = JSON.stringify({
      name: "x",
      project: "shop",
      health_method: "redis",
      health_url: `redis://:${SECRETS.PROBE_SECRET_REDIS}@h:1`,
    });
    expectNoSecret("credentials in plain text", await (await post("/api/services", plain)).text());
    const header = JSON.stringify({
      name: "x",
      project: "shop",
      health_method: "http",
      health_url: "http://h/",
      health_options: { headers: { authorization: SECRETS.PROBE_SECRET_HTTP } },
    });
    expectNoSecret("a header in plain text", await (await post("/api/services", header)).text());
    const wrongKey = await fetch(`${hub.url}/api/services`, { headers: { authorization: `Bearer x${MARKER}` } });
    expectNoSecret("a wrong key", await wrongKey.text());
  });

  test("the key that was made is told once and stored nowhere", async () => {
    expect((await fetch(`${hub.url}/api/services`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    expect(await (await hub.fetch("/api/keys")).text()).not.toContain(key);
    for (const path of filesUnder(hub.state)) expect(readFileSync(path).includes(key), path).toBe(false);
    expect(hub.lines.join("\n")).not.toContain(key);
  });

  test("no frame of the socket, no log line and no file of the state folder has one", async () => {
    expect(watching.frames.length).toBeGreaterThan(services.length);
    expectNoSecret("frames", JSON.stringify(watching.frames));
    await hub.stop();
    expect(hub.lines.filter(tells)).toEqual([]);
    expect(hub.lines).toContain(`CommandCenter Hub ready at ${hub.url}  admin token: as in HUB_ADMIN_TOKEN`);
    const files = filesUnder(hub.state);
    expect(files.filter((path) => path.endsWith(".sqlite")).length).toBeGreaterThan(4); // lanes, board, database
    for (const path of files) expectNoSecret(path, readFileSync(path, "latin1"));
  });
});
