import { describe, expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { openApiDocument } from "../../../src/http/hub/docs.ts";
import { type TestHub, testHub } from "../test-hub.ts";

interface Operation {
  method: string;
  path: string;
  roles: string[];
  signed: boolean;
}

const hub = await testHub();
const { paths = {} } = openApiDocument(createApp(() => hub.context));

const METHODS = ["get", "put", "post", "patch", "delete"] as const;
const described: Operation[] = Object.entries(paths).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const operation = item[method];
    if (operation === undefined) return [];
    const security = operation.security ?? [];
    const roles = security.flatMap((each) => each.bearer ?? []);
    return [{ method: method.toUpperCase(), path, roles, signed: security.some((each) => each.signature) }];
  }),
);
/** The routes that hubs call, with signed requests. */
const hubToHub = described.filter(({ signed, path }) => signed && path !== "/api/federation/register");
const operations = described.filter(({ signed }) => !signed);

/** A path where nothing is, so that a request that gets in changes nothing. */
const concrete = (path: string) =>
  path
    .replace("/agents/{name}/", "/agents/inside/") // the agent of the key
    .replace("{id}", "999999")
    .replace("{project}", "no-project")
    .replace("{name}", "none")
    .replace("{hub_id}", "nobody");

const ALLOWED: Record<string, string[]> = {
  none: [],
  bad: [],
  read: ["read"],
  write: ["read", "write"],
  admin: ["read", "write", "admin"],
  agent: ["agent"],
  register: ["register"],
};

function credential(who: string, { keys }: TestHub): string | null {
  if (who === "none") return null;
  return who === "bad" ? "hub_nobody" : keys[who as keyof typeof keys];
}

describe("every route for every caller", () => {
  const table = operations.flatMap((operation) => Object.keys(ALLOWED).map((who) => ({ ...operation, who })));

  test("the document describes the routes of the hub and their scopes", () => {
    expect(
      operations.map(({ method, path, roles }) => `${method} ${path}: ${roles.join(" or ") || "public"}`).sort(),
    ).toMatchInlineSnapshot(`
      [
        "DELETE /api/agents/{name}: admin",
        "DELETE /api/federation/hubs/{hub_id}: admin",
        "DELETE /api/keys/{id}: admin",
        "DELETE /api/projects/{id}: write",
        "DELETE /api/services/{id}: write or register",
        "DELETE /api/session: public",
        "GET /.well-known/hub: public",
        "GET /api/agents/{name}/checks: admin or agent",
        "GET /api/agents: read",
        "GET /api/audit: admin",
        "GET /api/daily-uptime: read",
        "GET /api/dependencies: read",
        "GET /api/federation/hubs: read",
        "GET /api/federation/services: read",
        "GET /api/flips: read",
        "GET /api/keys: admin",
        "GET /api/latest-checks: read",
        "GET /api/outages: read",
        "GET /api/projects/{id}/health: read",
        "GET /api/projects/{id}: read",
        "GET /api/projects: read",
        "GET /api/services/{id}/health: read",
        "GET /api/services/{id}/history: read",
        "GET /api/services/{id}/measurements: read",
        "GET /api/services/{id}: read",
        "GET /api/services: read",
        "GET /api/session: public",
        "GET /api/summary: read",
        "GET /health: public",
        "GET /metrics: read",
        "PATCH /api/projects/{id}: write",
        "PATCH /api/services/{id}: write or register",
        "POST /api/agents/{name}/observations: admin or agent",
        "POST /api/federation/hubs/{hub_id}/approve: admin",
        "POST /api/federation/hubs: admin",
        "POST /api/federation/rotate-key: admin",
        "POST /api/keys: admin",
        "POST /api/projects/{id}/start: write",
        "POST /api/projects/{id}/stop: write",
        "POST /api/projects: write",
        "POST /api/services/{id}/check: write",
        "POST /api/services/{id}/heartbeat: write or agent or register",
        "POST /api/services/{id}/pause: write",
        "POST /api/services: write or register",
        "POST /api/session: public",
        "POST /api/tickets: read",
        "PUT /api/agents/{name}/services: admin or agent",
        "PUT /api/agents/{name}: admin",
        "PUT /api/projects/{id}/manifest: write",
        "PUT /api/projects/{project}/services/{name}: write or register",
      ]
    `);
  });

  test.each(table)("$method $path for $who", async ({ method, path, roles, who }) => {
    const response = await hub.request(method, concrete(path), undefined, { key: credential(who, hub) });
    const open = roles.length === 0 || roles.some((role) => ALLOWED[who]?.includes(role));
    if (open) {
      expect([401, 403]).not.toContain(response.status);
      return;
    }
    expect(response.status).toBe(who === "none" || who === "bad" ? 401 : 403);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.has("www-authenticate")).toBe(response.status === 401);
  });

  test.each(hubToHub)("$method $path refuses whoever has not signed, whatever key it has", async ({ method, path }) => {
    const bodies: Record<string, object> = {
      "/api/federation/events": { hub_id: "hub-b" },
      "/api/federation/leave": { hub_id: "hub-b" },
    };
    for (const key of [null, hub.keys.admin]) {
      const response = await hub.request(method, path, bodies[path], { key });
      expect([401, 403]).toContain(response.status);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  test("with PUBLIC_READ reading needs no key, a wrong key is still wrong and writing needs one", async () => {
    const open = await testHub({ PUBLIC_READ: "true" });
    for (const { method, path, roles } of operations) {
      const status = async (key: string | null) =>
        (await open.request(method, concrete(path), undefined, { key })).status;
      const reading = roles.length === 0 || roles.includes("read");
      expect([401, 403].includes(await status(null)), `${method} ${path}`).toBe(!reading);
      expect([401, 403].includes(await status(open.keys.agent)), `${method} ${path}`).toBe(
        !reading && !roles.includes("agent"),
      );
      if (roles.length > 0) expect(await status("hub_nobody")).toBe(401);
    }
  });
});

test("the admin token opens everything without asking the database", async () => {
  const away = await testHub();
  const db = new Proxy(away.db, {
    get: () => {
      throw new Error("the database was asked");
    },
  });
  const app = createApp(() => ({ ...away.context, db }));
  const headers = { authorization: "Bearer test-admin-token-0000" };
  expect((await app.request("/api/summary", { headers })).status).toBe(200);
});

test.each([["Basic dXNlcjpwYXNz"], ["Bearer"], ["Bearer a b"], [`Bearer ${"x".repeat(300)}`]])(
  "the header %s opens nothing",
  async (authorization) => {
    const response = await hub.request("GET", "/api/summary", undefined, { key: null, headers: { authorization } });
    expect(response.status).toBe(401);
  },
);

test("without an admin token set, no token is the admin's", async () => {
  const bare = await testHub();
  const { HUB_ADMIN_TOKEN, ...settings } = bare.context.settings;
  const app = createApp(() => ({ ...bare.context, settings }));
  const response = await app.request("/api/summary", { headers: { authorization: `Bearer ${HUB_ADMIN_TOKEN}` } });
  expect(response.status).toBe(401);
});

test("a key is never looked for in the URL", async () => {
  for (const name of ["key", "token", "access_token", "api_key", "ticket"]) {
    expect((await hub.request("GET", `/api/summary?${name}=${hub.keys.read}`, undefined, { key: null })).status).toBe(
      401,
    );
  }
});

type Made = { id: number; key: string; created_at: string };

describe("keys", () => {
  test("are shown once, work at once and stop working when they are revoked", async () => {
    const made = await hub.call<Made>("POST", "/api/keys", 201, { name: "ci", scope: "read" });
    expect(made.key).toMatch(/^hub_[A-Za-z0-9_-]{43}$/);
    expect((await hub.request("GET", "/api/projects", undefined, { key: made.key })).status).toBe(200);
    const list = await hub.call<{ keys: Made[] }>("GET", "/api/keys", 200);
    expect(list.keys.find(({ id }) => id === made.id)).toEqual({
      id: made.id,
      name: "ci",
      scope: "read",
      agent: null,
      projects: null,
      created_at: made.created_at,
      prefix: made.key.slice(0, 10),
      last_used_at: made.created_at,
    });
    expect(JSON.stringify(list)).not.toContain(made.key);
    await hub.call("DELETE", `/api/keys/${made.id}`, 204);
    expect((await hub.request("GET", "/api/projects", undefined, { key: made.key })).status).toBe(401);
    await hub.call("DELETE", `/api/keys/${made.id}`, 404);
    const revoked = { ids: [made.id], agent: null };
    expect(hub.revoked.slice(-2)).toEqual([revoked, revoked]); // repeated, if the first request broke off
  });

  test("of the scope agent name their agent, others none", async () => {
    await hub.call("POST", "/api/keys", 400, { name: "a", scope: "agent" });
    await hub.call("POST", "/api/keys", 400, { name: "a", scope: "read", agent: "x" });
    await hub.call("PUT", "/api/agents/x", 201);
    expect(await hub.call("POST", "/api/keys", 201, { name: "a", scope: "agent", agent: "x" })).toMatchObject({
      agent: "x",
    });
  });
});

test("too many requests are answered 429 with a time to wait", async () => {
  const asked: string[] = [];
  const busy = await testHub({}, { limited: async (key) => asked.push(key) > 0 });
  const response = await busy.request("GET", "/api/projects");
  expect(response.status).toBe(429);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(asked).toEqual(["ip:203.0.113.9"]);
});
