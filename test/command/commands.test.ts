import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { aProject, aService, hub, startFakeHub } from "./fake-hub.ts";

let folder: string;
let fake: Awaited<ReturnType<typeof startFakeHub>> | null = null;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hub-command-"));
});
afterEach(async () => {
  await fake?.stop();
  fake = null;
});
afterAll(() => rmSync(folder, { recursive: true }));

async function start(answers: Parameters<typeof startFakeHub>[0]) {
  fake = await startFakeHub(answers);
  return { ...fake, environment: { HUB_URL: fake.url, HUB_KEY: "hub_secret" } };
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const listed = (...services: object[]) => ({ services, next_cursor: null, total: services.length });
const projects = (...all: object[]) => ({ body: { projects: all, next_cursor: null, total: all.length } });
const MANIFEST = "project: shop\nservices:\n  - {name: web, health_method: tcp, health_url: 'tcp://db.test:1'}\n";

test("hub services pages through all services and sends the key as a header", async () => {
  const { environment, asked } = await start({
    "GET /api/services": ({ path }) => ({
      body: path.includes("cursor=c1")
        ? listed(aService({ id: 2, name: "db", health_url: "postgres://me:pw@db.test", health_status: "down" }))
        : { ...listed(aService()), next_cursor: "c1" },
    }),
  });
  const { code, out } = await hub(["services", "--status", "up", "-q", "e"], { environment });
  expect(code).toBe(0);
  expect(out.split("\n")).toEqual([
    "NAME  PROJECT  STATUS  SINCE  LATENCY  METHOD  TARGET",
    "web   shop     up      1h 2m  12 ms    http    http://web.test/health",
    "db    shop     down    1h 2m  12 ms    http    postgres://db.test",
  ]);
  expect(asked.map(({ authorization }) => authorization)).toEqual(["Bearer hub_secret", "Bearer hub_secret"]);
  expect(asked[0]?.path).toContain("status=up&q=e");
});

test.each([
  [401, "the key is not valid", /^401: the key is not valid; set HUB_KEY/],
  [403, "this needs the scope write", /^403: the key may not do this: this needs the scope write/],
])("a %i is told without the key", async (status, detail, words) => {
  const { environment } = await start({ "GET /api/services": () => ({ status, body: { detail } }) });
  const { code, err } = await hub(["services"], { environment });
  expect(code).toBe(1);
  expect(err).toMatch(words);
  expect(err).not.toContain("hub_secret");
});

test("a dry run for a project that does not exist plans everything as new and creates nothing", async () => {
  const { environment, asked } = await start({ "GET /api/projects": () => projects() });
  const { code, out } = await hub(["apply", file("m.yaml", MANIFEST), "--dry-run"], { environment });
  expect(code).toBe(2);
  expect(out).toContain("+ project shop\n  + create  web");
  expect(asked.map(({ method }) => method)).toEqual(["GET"]);
});

test("apply creates the project, sends the manifest without its name, and does not ask on a pipe", async () => {
  const plan = { create: ["web"], update: [], delete: [], unchanged: 0 };
  const { environment, asked } = await start({
    "GET /api/projects": () => projects(),
    "POST /api/projects": () => ({ status: 201, body: aProject({ id: 7 }) }),
    "PUT /api/projects/7/manifest": () => ({ body: { plan } }),
  });
  const { code, out } = await hub(["apply", file("m.yaml", MANIFEST)], { environment });
  expect(code).toBe(0);
  expect(out).toContain("Applied: 1 added, 0 changed, 0 deleted.");
  expect(asked.map(({ method, body }) => [method, body]).slice(1)).toEqual([
    ["POST", { name: "shop" }],
    ["PUT", { services: [{ name: "web", health_method: "tcp", health_url: "tcp://db.test:1" }] }],
  ]);
});

test.each([
  ["n", [], 1, 1],
  ["y", [], 0, 2],
  ["n", ["--yes"], 0, 2],
])("on a terminal the answer %j with %j decides", async (answer, flags, code, requests) => {
  const plan = { create: [], update: ["web"], delete: [], unchanged: 0 };
  const { environment, asked } = await start({
    "GET /api/projects": () => projects(aProject()),
    "PUT /api/projects/1/manifest": () => ({ body: { plan } }),
  });
  const argv = ["apply", file("m.yaml", MANIFEST), ...flags];
  expect((await hub(argv, { environment, answer, isTerminal: true })).code).toBe(code);
  const sent = asked.filter(({ method }) => method === "PUT").map(({ path }) => path.includes("dry_run=true"));
  expect(sent).toEqual([true, false].slice(0, requests));
});

test("apply changes only what it has shown: a project that has changed since is left alone", async () => {
  const plan = { create: [], update: ["web"], delete: [], unchanged: 0 };
  const detail = "the services of shop have changed since; plan again";
  const { environment, asked } = await start({
    "GET /api/projects": () => projects(aProject()),
    "PUT /api/projects/1/manifest": ({ path, if_match }) =>
      path.includes("dry_run") || if_match !== '"r1"'
        ? { body: { plan, revision: "r1" } }
        : { status: 412, body: { detail } },
  });
  const { code, err } = await hub(["apply", file("m.yaml", MANIFEST), "--yes"], { environment });
  expect([code, err]).toEqual([1, expect.stringContaining(detail)]);
  expect(asked.filter(({ method }) => method === "PUT").map(({ if_match }) => if_match)).toEqual([undefined, '"r1"']);
});

test.each<[string, string, number, RegExp]>([
  ["no YAML", "services: [", 1, /is not YAML/],
  ["without a project", "services: []", 64, /which project\?/],
  ["empty", "", 1, /has no manifest/],
  ["with a number that JSON has not", "services: [{name: web, metadata: {x: .inf}}]", 1, /metadata\.x: JSON has no/],
  ["with keys that are the same in JSON", "services: [{name: web, metadata: {1: a, '1': b}}]", 1, /unique/],
  ["with a wrong service", "project: shop\nservices: [{name: web}]", 1, /services\[0\]|health_method/],
])("a manifest that is %s is refused before anything is sent", async (_, text, code, words) => {
  const { environment, asked } = await start({ "GET /api/projects": () => projects() });
  const result = await hub(["apply", file("wrong.yaml", text)], { environment });
  expect([result.code, result.err]).toEqual([code, expect.stringMatching(words)]);
  expect(asked.every(({ method }) => method === "GET")).toBe(true);
});

test("export writes a document for each project, also for a stopped one", async () => {
  const { environment } = await start({
    "GET /api/projects": () => projects(aProject(), aProject({ id: 2, name: "blog", status: "stopped" })),
    "GET /api/services": () => ({ body: listed(aService()) }),
    "GET /api/projects/2/health": () => ({ body: { services: [{ id: 5 }] } }),
    "GET /api/services/5": () => ({ body: aService({ id: 5, name: "pages", project: "blog" }) }),
  });
  const { code, out } = await hub(["export"], { environment });
  expect(code).toBe(0);
  expect(out).toMatch(
    /^project: shop\nservices:\n {2}- name: web\n[\s\S]*\n---\nproject: blog\nservices:\n {2}- name: pages\n/,
  );
});

test("export refuses a key that does not see everything: what it writes would lose options", async () => {
  const { environment } = await start({
    "GET /api/projects": () => projects(aProject()),
    "GET /api/services": () => ({ body: listed(aService({ hidden: ["health_options.headers"] })) }),
  });
  const { code, out, err } = await hub(["export"], { environment });
  expect([code, out, err]).toEqual([1, "", expect.stringContaining("an export needs the scope write")]);
});

test.each([
  ["up", 0],
  ["degraded", 0],
  ["down", 1],
  ["unknown", 3],
])("check ends for a service that is %s with %i", async (status, code) => {
  const observation = {
    at: "",
    vantage: "home",
    ok: false,
    verdict: "fail",
    latency_ms: null,
    error: "refused",
    details: {},
  };
  const { environment } = await start({
    "GET /api/services": () => ({ body: listed(aService({ id: 4 }), aService({ id: 5, name: "web-2" })) }),
    "POST /api/services/4/check": () => ({
      body: {
        service_id: 4,
        name: "web",
        status,
        since: "x",
        consecutive_failures: 2,
        observation,
        flips: [],
        retry: null,
      },
    }),
  });
  const result = await hub(["check", "shop/web"], { environment });
  expect(result.code).toBe(code);
  expect(result.out).toContain(`shop/web  ${status}  since x\n  check: fail, -, from home\n  refused`);
});

test("a name that several projects have is an error that lists them", async () => {
  const { environment } = await start({
    "GET /api/services": () => ({ body: listed(aService(), aService({ id: 9, project: "blog" })) }),
  });
  const { code, err } = await hub(["check", "web"], { environment });
  expect(code).toBe(1);
  expect(err).toContain("  shop/web  (id:1)\n  blog/web  (id:9)");
});

test("watch prints the summary, then what changes, and ends with 0 on Ctrl-C", async () => {
  const summary = {
    overall_status: "healthy",
    services: [{ project: "shop", name: "web", status: "down" }],
    projects: [],
  };
  const { environment, server } = await start({ "GET /api/summary": () => ({ body: summary }) });
  const at = new Date().toISOString();
  const sockets = new WebSocketServer({ server, handleProtocols: () => "hub.v1" });
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  sockets.on("connection", (socket) => {
    const service = { id: 1, project_id: 1, project: "shop", name: "web", type: "web", status: "down", since: at };
    const lite = { ...service, last_health_check: null, latency_ms: null, flapping: false };
    socket.send(JSON.stringify({ type: "registered", seq: 5, service: lite }));
    setTimeout(() => resolve(), 200);
  });
  const { code, out } = await hub(["watch"], { environment, stopped });
  sockets.close();
  expect(code).toBe(0);
  expect(out).toMatch(
    /^unhealthy: 0 up, 0 degraded, 1 down, 0 unknown\n {2}down {2}shop\/web\n\d\d:\d\d:\d\d {2}\+ shop\/web registered$/,
  );
});
