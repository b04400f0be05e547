import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { BoardEntry } from "../../src/core/board/board-entry.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import { createApp } from "../../src/http/app.ts";
import { addProject, addService } from "../store/fixtures.ts";
import { ADMIN_TOKEN, aLive, testHub } from "./test-hub.ts";

const FULL = "D1_ERROR: database or disk is full: SQLITE_FULL";
const lines: string[] = [];
beforeEach(() => {
  for (const level of ["error", "warn"] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)));
  }
});
afterEach(() => vi.restoreAllMocks());

const hub = await testHub();
const project = await addProject(hub.db, "shop");
const db = await addService(hub.db, project, { name: "db", service_type: "database", tags: ["core"] });
const web = await addService(hub.db, project, { name: "web", service_type: "web" });
const entries: BoardEntry[] = [
  { check: toCheck(web), live: aLive() },
  { check: toCheck(db), live: aLive({ status: "down", error: "connect: refused", consecutive_failures: 4 }) },
];

/** `error`: of each use of the database. */
function away(error: string, known: BoardEntry[] = entries) {
  const fails = () => {
    throw new Error(error);
  };
  const summary = () => Promise.reject(new Error(error));
  const remembered = async (id: number) => known.find(({ check }) => check.service_id === id)?.check ?? null;
  const db = new Proxy(hub.db, { get: fails });
  const context = { ...hub.context, db, summary, remembered, knownEntries: async () => known };
  const app = createApp(() => context);
  return async (
    method: string,
    path: string,
    { key = ADMIN_TOKEN, body, headers: given }: { key?: string; body?: unknown; headers?: HeadersInit } = {},
  ) => {
    const headers = new Headers(given ?? { authorization: `Bearer ${key}` });
    headers.set("content-type", "application/json");
    return await app.request(path, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  };
}

async function fromMemory(path: string): Promise<unknown> {
  const response = await away(FULL)("GET", path);
  expect([path, response.status, response.headers.get("hub-source")]).toEqual([path, 200, "memory"]);
  return await response.json();
}

describe("while the disk is full, the live board answers", () => {
  test("the list of services, in the form that it has otherwise", async () => {
    const known = await fromMemory("/api/services");
    const stored = await hub.call<{ services: object[] }>("GET", "/api/services", 200);
    expect(known).toMatchObject({
      total: 2,
      next_cursor: null,
      services: [
        { id: db.id, project: "shop", health_status: "down", consecutive_failures: 4, tags: [] },
        { id: web.id, health_status: "up" },
      ],
    });
    const keys = ({ services }: { services: object[] }) => services.map((each) => Object.keys(each).toSorted());
    expect(keys(known as { services: object[] })).toEqual(keys(stored));
  });

  test.each([
    ["status=down", ["db"]],
    ["type=web", ["web"]],
    [`project=${project.id}&q=WE`, ["web"]],
    ["project=shop&method=http", ["db", "web"]],
    ["project=other", []],
    ["limit=1", ["db"]],
  ])("the list with %s", async (query, names) => {
    const { services } = (await fromMemory(`/api/services?${query}`)) as { services: { name: string }[] };
    expect(services.map(({ name }) => name)).toEqual(names);
  });

  test("the next page", async () => {
    const { next_cursor } = (await fromMemory("/api/services?limit=1")) as { next_cursor: string };
    expect(await fromMemory(`/api/services?limit=1&cursor=${next_cursor}`)).toMatchObject({
      services: [{ name: "web" }],
    });
  });

  test("one service, its health, the summary and the projects", async () => {
    expect(await fromMemory(`/api/services/${web.id}`)).toMatchObject({ name: "web", health_status: "up" });
    expect(await fromMemory(`/api/services/${db.id}/health`)).toMatchObject({ status: "down", flips: [], recent: [] });
    expect(await fromMemory("/api/summary")).toMatchObject({
      overall_status: "unhealthy",
      left_out: ["metadata", "tags"],
      services: [{ name: "web" }, { name: "db", status: "down" }],
      projects: [{ id: project.id, name: "shop", status: "running", service_count: 2 }],
    });
    expect(await fromMemory("/api/projects?q=SHO")).toMatchObject({
      projects: [{ id: project.id, name: "shop" }],
      total: 1,
    });
  });

  test("to a key that was valid lately", async () => {
    expect((await hub.request("GET", "/api/services", undefined, { key: hub.keys.read })).status).toBe(200);
    expect((await away(FULL)("GET", "/api/services", { key: hub.keys.read })).status).toBe(200);
    expect((await away(FULL)("GET", "/api/services", { key: "unheard-of" })).status).toBe(503);
  });

  test("to no key that was revoked since, nor to a session of it", async () => {
    const made = await hub.call<{ id: number; key: string }>("POST", "/api/keys", 201, { name: "k", scope: "read" });
    const begun = await hub.request("POST", "/api/session", { key: made.key }, { key: null });
    const cookie = begun.headers.get("set-cookie")?.split(";")[0] ?? "";
    const here = { cookie, "sec-fetch-site": "same-origin" };
    await hub.request("GET", "/api/services", undefined, { key: made.key });
    await hub.request("GET", "/api/services", undefined, { key: null, headers: here });
    const asked = async () => [
      (await away(FULL)("GET", "/api/services", { key: made.key })).status,
      (await away(FULL)("GET", "/api/services", { headers: here })).status,
    ];
    expect(await asked()).toEqual([200, 200]);
    expect((await hub.request("DELETE", `/api/keys/${made.id}`)).status).toBe(204);
    expect(await asked()).toEqual([503, 503]);
  });

  test("to a limited key with what is in its projects", async () => {
    const other = await addProject(hub.db, "other");
    const seen = async (name: string) => {
      const body = { name: "k", scope: "read", projects: [name] };
      const { key } = await hub.call<{ key: string }>("POST", "/api/keys", 201, body);
      await hub.request("GET", "/api/services", undefined, { key });
      const paths = ["/api/services", "/api/projects", "/api/summary", `/api/services/${web.id}`];
      const answers = paths.map(async (path) => await (await away(FULL)("GET", path, { key })).text());
      return (await Promise.all(answers)).map((text) => /"name":"(web|shop)"/.test(text));
    };
    expect(await seen("shop")).toEqual([true, true, true, true]);
    expect(await seen(other.name)).toEqual([false, false, false, false]);
  });
});

describe("what the live board does not know is a 503 in plain words", () => {
  test.each([
    [FULL, "the database does not answer: the disk is full; try again"],
    [
      "D1_ERROR: Exceeded maximum DB size",
      "the database is full, and nothing more is recorded until it has room; try again",
    ],
    ["D1_ERROR: attempt to write a readonly database: SQLITE_READONLY", "the database is read-only; try again"],
    ["D1_ERROR: database disk image is malformed: SQLITE_CORRUPT", "the database is damaged; try again"],
  ])("for %s", async (error, detail) => {
    const request = away(error);
    const asked = [
      request("GET", `/api/services/${db.id}/history`),
      request("GET", "/api/services?tag=core"),
      request("GET", "/api/services/999"),
      request("POST", "/api/projects", { body: { name: "new" } }),
      request("DELETE", `/api/services/${db.id}`),
      away(error, [])("GET", "/api/projects"),
    ];
    for (const response of await Promise.all(asked)) {
      expect(response.status).toBe(503);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ detail });
    }
    const health = await request("GET", "/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      checks: { "database:responseTime": [{ status: "fail", output: detail.replace("; try again", "") }] },
    });
  });

  test("and the log says it once", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 }); // an earlier trouble is over
    lines.length = 0;
    const request = away(FULL);
    for (let times = 0; times < 10; times++) await request("GET", times % 2 === 0 ? "/health" : "/api/services");
    vi.useRealTimers();
    const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
    expect(events.filter((event) => event !== "database.trouble_over")).toEqual(["database.trouble"]);
  });
});

test("a mistake of the hub is not answered from memory", async () => {
  expect((await away("x is not a function")("GET", "/api/services")).status).toBe(500);
});
