/** Keys that are limited to a project: every route, with every scope, in the own project and in another one. */
import { describe, expect, test } from "vitest";
import type { Service } from "../../src/core/board/service-view.ts";
import { createApp } from "../../src/http/app.ts";
import { openApiDocument } from "../../src/http/hub/docs.ts";
import { testHub } from "./test-hub.ts";

/**
 * What a limited key may do. `hub`: nothing, because it concerns the whole hub. `path`: what the path names, in its own
 * project. `body`: the same, of what the body names. `list`: it gets what is in its project. `agent`: the same, if it
 * is the agent's own key. `public`: as everybody.
 */
type Kind = "hub" | "path" | "body" | "list" | "agent" | "public";
const KINDS: Record<string, Kind> = {
  "DELETE /api/agents/{name}": "hub",
  "DELETE /api/federation/hubs/{hub_id}": "hub",
  "DELETE /api/keys/{id}": "hub",
  "DELETE /api/projects/{id}": "path",
  "DELETE /api/services/{id}": "path",
  "DELETE /api/session": "public",
  "GET /.well-known/hub": "public",
  "GET /api/agents": "hub",
  "GET /api/agents/{name}/checks": "agent",
  "GET /api/audit": "hub",
  "GET /api/daily-uptime": "list",
  "GET /api/dependencies": "list",
  "GET /api/federation/hubs": "list",
  "GET /api/federation/services": "list",
  "GET /api/flips": "list",
  "GET /api/keys": "hub",
  "GET /api/latest-checks": "list",
  "GET /api/outages": "list",
  "GET /api/projects": "list",
  "GET /api/projects/{id}": "path",
  "GET /api/projects/{id}/health": "path",
  "GET /api/services": "list",
  "GET /api/services/{id}": "path",
  "GET /api/services/{id}/health": "path",
  "GET /api/services/{id}/history": "path",
  "GET /api/services/{id}/measurements": "path",
  "GET /api/session": "public",
  "GET /api/summary": "list",
  "GET /health": "public",
  "GET /metrics": "hub",
  "PATCH /api/projects/{id}": "path",
  "PATCH /api/services/{id}": "path",
  "POST /api/agents/{name}/observations": "agent",
  "POST /api/federation/hubs": "hub",
  "POST /api/federation/hubs/{hub_id}/approve": "hub",
  "POST /api/federation/rotate-key": "hub",
  "POST /api/keys": "hub",
  "POST /api/projects": "hub",
  "POST /api/projects/{id}/start": "path",
  "POST /api/projects/{id}/stop": "path",
  "POST /api/services": "body",
  "POST /api/services/{id}/check": "path",
  "POST /api/services/{id}/heartbeat": "path",
  "POST /api/services/{id}/pause": "path",
  "POST /api/session": "public",
  "POST /api/tickets": "list",
  "PUT /api/agents/{name}": "hub",
  "PUT /api/agents/{name}/services": "agent",
  "PUT /api/projects/{id}/manifest": "path",
  "PUT /api/projects/{project}/services/{name}": "path",
};
const ALLOWED: Record<string, string[]> = {
  read: ["read"],
  register: ["register"],
  write: ["read", "write"],
  admin: ["read", "write", "admin"],
  agent: ["agent"],
};
const SCOPES = Object.keys(ALLOWED);
const METHODS = ["get", "put", "post", "patch", "delete"] as const;
const SECRET = "a-token-of-theirs";

const hub = await testHub();
await hub.call("PUT", "/api/agents/inside", 201);
const operations = Object.entries(openApiDocument(createApp(() => hub.context)).paths ?? {}).flatMap(([path, item]) =>
  METHODS.flatMap((method) => {
    const security = item[method]?.security;
    if (item[method] === undefined || security?.some((each) => each.signature)) return [];
    const roles = security?.flatMap((each) => each.bearer ?? []) ?? [];
    return [{ method: method.toUpperCase(), path, roles, kind: KINDS[`${method.toUpperCase()} ${path}`] }];
  }),
);

/** A project with a service that beats, and one that an agent checks; both names say whose they are. */
async function place(name: string) {
  const { id: project } = await hub.call<{ id: number }>("POST", "/api/projects", 201, { name });
  const beat = { name: `${name}-beat`, project: name, health_method: "heartbeat", depends_on: ["mine/mine-beat"] };
  const web = {
    name: `${name}-web`,
    project: name,
    health_method: "http",
    health_url: "https://a.example.com/",
    agent: "inside",
    health_options: { headers: { "x-token": SECRET } },
  };
  const { id: service } = await hub.call<Service>("POST", "/api/services", 201, beat);
  const { id: ofAgent } = await hub.call<Service>("POST", "/api/services", 201, web);
  return { name, project, service, ofAgent };
}
type Place = Awaited<ReturnType<typeof place>>;

async function keyOf(scope: string, projects: string[]): Promise<string> {
  const agent = scope === "agent" ? { agent: "inside" } : {};
  return (await hub.call<{ key: string }>("POST", "/api/keys", 201, { name: "k", scope, projects, ...agent })).key;
}

/** Nothing that is asked here deletes or changes anything, so that the same places serve every row. */
function concrete(path: string, of: Place): string {
  const filled = path
    .replace("/agents/{name}", "/agents/inside")
    .replace("/projects/{id}", `/projects/${of.project}`)
    .replace("/services/{id}", `/services/${of.service}`)
    .replace("{project}", of.name)
    .replace("{name}", `${of.name}-beat`)
    .replace(/\{\w+\}/, "999999");
  return ["/api/latest-checks", "/api/daily-uptime"].includes(path)
    ? `${filled}?ids=${mine.service},${other.service}`
    : filled;
}

const [mine, other] = [await place("mine"), await place("other")];
const keys = Object.fromEntries(await Promise.all(SCOPES.map(async (scope) => [scope, await keyOf(scope, ["mine"])])));
const ask = (method: string, path: string, key: string, body?: unknown) => hub.request(method, path, body, { key });

test("every route has a row", () => {
  expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(Object.keys(KINDS).sort());
});

describe("a key that is limited to a project", () => {
  const rows = operations
    .filter(({ kind, method }) => kind !== "public" && method !== "DELETE") // those have a test of their own
    .flatMap((operation) => SCOPES.map((scope) => ({ ...operation, scope })));

  // A malformed body ends with 400 whatever is in the path, and reaches the route only when the key does.
  test.each(rows)("$method $path, $scope", async ({ method, path, roles, kind, scope }) => {
    const hasScope = roles.some((role) => ALLOWED[scope]?.includes(role));
    const isAllowed = hasScope && kind !== "hub" && (kind !== "agent" || scope === "agent");
    const body = method === "GET" ? undefined : "{";
    const status = async (of: Place) => {
      const response = await ask(method, concrete(path, of), keys[scope] ?? "", body);
      await response.body?.cancel();
      return response.status;
    };
    const own = await status(mine);
    const others = await status(other);
    if (!isAllowed) expect([own, others]).toEqual([403, 403]);
    else expect([own === 403, others === 403]).toEqual([false, kind === "path"]);
    if (path.endsWith("/stop")) await hub.call("POST", `/api/projects/${mine.project}/start`, 200);
  });

  test.each(SCOPES)("deletes only in its project, with the scope %s", async (scope) => {
    const may = ["register", "write", "admin"].includes(scope);
    const key = keys[scope] ?? "";
    const { id } = await hub.call<Service>("PUT", "/api/projects/mine/services/gone", 201, {
      health_method: "heartbeat",
    });
    expect((await ask("DELETE", `/api/services/${other.service}`, key)).status).toBe(403);
    expect((await ask("DELETE", `/api/projects/${other.project}`, key)).status).toBe(403);
    expect((await ask("DELETE", `/api/services/${id}`, key)).status).toBe(may ? 204 : 403);
    if (!may) await hub.request("DELETE", `/api/services/${id}`);
    for (const path of ["/api/agents/inside", "/api/keys/1", "/api/federation/hubs/hub-b"]) {
      expect((await ask("DELETE", path, key)).status, path).toBe(403);
    }
    expect(await hub.call("GET", `/api/services/${other.service}`, 200)).toMatchObject({ name: "other-beat" });
  });

  test("lists what is in its project, and no word of the other", async () => {
    const lists = operations.filter(({ method, kind }) => method === "GET" && ["list", "agent"].includes(kind ?? ""));
    for (const { path, kind } of lists) {
      const key = keys[kind === "agent" ? "agent" : "read"] ?? "";
      for (const query of ["", "project=other", `project=${other.project}`, "include_stopped=true", "q=other"]) {
        const url = concrete(path, mine);
        const response = await ask("GET", `${url}${url.includes("?") ? "&" : "?"}${query}`, key);
        const text = await response.text();
        expect(text, `${path} ${query}`).not.toMatch(/other-|"other"/);
        expect(text, `${path} ${query}`).not.toContain(`"id":${other.service},`);
        expect(response.status, `${path} ${query}`).toBeLessThan(500);
      }
    }
    const found = async (path: string) => await (await ask("GET", path, keys.read ?? "")).text();
    for (const path of ["/api/services", "/api/projects", "/api/dependencies", "/api/federation/services"]) {
      expect(await found(path), path).toContain("mine");
    }
  });

  test("creates services in its project only, by any way in", async () => {
    const beat = { health_method: "heartbeat" };
    for (const scope of ["register", "write", "admin"]) {
      const key = keys[scope] ?? "";
      const statuses = [];
      for (const project of ["mine", "other", "new"]) {
        const body = { ...beat, name: `made-by-${scope}`, project };
        statuses.push((await ask("POST", "/api/services", key, body)).status);
        statuses.push((await ask("PUT", `/api/projects/${project}/services/put-by-${scope}`, key, beat)).status);
      }
      expect(statuses, scope).toEqual([201, 201, 403, 403, 403, 403]);
      const byId = { ...beat, name: `by-id-${scope}`, project_id: other.project };
      expect((await ask("POST", "/api/services", key, byId)).status).toBe(403);
    }
    expect((await hub.request("GET", "/api/projects?q=new")).status).toBe(200);
    expect(await hub.call("GET", "/api/projects?q=new", 200)).toMatchObject({ projects: [] });
  });

  test("can't find out the names of other projects", async () => {
    const answered = async (method: string, path: string, scope: string, body?: unknown) => {
      const response = await ask(method, path, keys[scope] ?? "", body);
      return { status: response.status, text: await response.text() };
    };
    const beat = { name: "x", health_method: "heartbeat" };
    for (const scope of ["register", "write", "admin"]) {
      for (const [there, nowhere] of [
        [{ project_id: other.project }, { project_id: 9999 }],
        [{ project: "other" }, { project: "nowhere" }],
        [
          { project_id: other.project, project: "guessed" },
          { project_id: 9999, project: "guessed" },
        ],
        [
          { project_id: other.project, project: "other" },
          { project_id: 9999, project: "other" },
        ],
      ]) {
        const answer = await answered("POST", "/api/services", scope, { ...beat, ...there });
        expect(answer).toEqual(await answered("POST", "/api/services", scope, { ...beat, ...nowhere }));
        expect(answer.status).toBe(403);
        expect(answer.text).not.toContain("other");
      }
    }
    for (const path of ["/api/dependencies", "/api/services", "/api/flips"]) {
      const of = async (project: string | number) => await answered("GET", `${path}?project=${project}`, "read");
      expect(await of("other"), path).toEqual(await of("nowhere"));
      expect(await of(other.project), path).toEqual(await of(9999));
    }
    for (const scope of ["write", "admin"]) {
      const rename = async (name: string) => await answered("PATCH", `/api/projects/${mine.project}`, scope, { name });
      expect(await rename("other")).toEqual(await rename("nowhere"));
      expect((await rename("nowhere")).status).toBe(403);
      expect((await rename("mine")).status).toBe(200);
    }
  });

  test("is not fooled by another spelling of an id or a name", async () => {
    const key = keys.write ?? "";
    for (const id of [
      `0${other.service}`,
      `%3${String(other.service)[0]}`,
      `${other.service}%20`,
      `+${other.service}`,
      "1e0",
    ]) {
      const response = await ask("PATCH", `/api/services/${id}`, key, { tags: ["taken"] });
      expect([400, 403, 404], id).toContain(response.status);
    }
    for (const name of ["Other", "other%20", "%6fther", "other%00"]) {
      const response = await ask("PUT", `/api/projects/${name}/services/x`, key, { health_method: "heartbeat" });
      expect([400, 403], name).toContain(response.status);
    }
    expect(await hub.call("GET", `/api/services/${other.service}`, 200)).toMatchObject({ tags: [] });
  });
});

describe("a key of the scope register", () => {
  const patch = (body: object, id = mine.ofAgent) => ask("PATCH", `/api/services/${id}`, keys.register ?? "", body);

  test("sees no secret of what others registered in its project", async () => {
    const response = await patch({ tags: ["mine"] });
    expect(response.status).toBe(200);
    expect(await response.text()).not.toContain(SECRET);
  });

  test("hands no check to an agent, and leaves one where it is", async () => {
    const key = keys.register ?? "";
    const web = { health_method: "http", health_url: "http://10.0.0.7/", agent: "inside" };
    const refused = [
      await ask("POST", "/api/services", key, { ...web, name: "inner", project: "mine" }),
      await ask("PUT", "/api/projects/mine/services/inner", key, web),
      await ask("PATCH", `/api/services/${mine.service}`, key, web),
    ];
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
    expect((await patch({ health_interval: 45 })).status).toBe(200);
    const written = await ask("PUT", "/api/projects/mine/services/inner", keys.write ?? "", web);
    expect(written.status).toBe(201);
    await hub.request("DELETE", `/api/services/${(await written.json<Service>()).id}`);
  });

  test("can't have such a secret sent to where it says", async () => {
    const before = await hub.call("GET", `/api/services/${mine.ofAgent}`, 200);
    const redirections = [
      { health_url: "https://elsewhere.example.com/" },
      { agent: null },
      { agent: "of-mine" },
      { health_method: "tcp" },
      { container_id: "c9" },
    ];
    for (const body of redirections) {
      const response = await patch({ ...body, tags: ["taken"] });
      expect(response.status, JSON.stringify(body)).toBe(403);
      expect(await response.json()).toMatchObject({ detail: expect.stringContaining("in health_options") });
    }
    expect(await hub.call("GET", `/api/services/${mine.ofAgent}`, 200)).toEqual(before);
    const query = {
      health_method: "http",
      health_url: "https://a.example.com/?shard=7",
      project: "mine",
      name: "query",
    };
    const { id } = await hub.call<Service>("POST", "/api/services", 201, query);
    expect((await patch({ agent: "of-mine" }, id)).status).toBe(403);
    expect((await patch({ health_options: { follow_redirects: true } }, id)).status).toBe(403);
    expect((await patch({ health_url: "https://b.example.com/" }, id)).status).toBe(200);
    await hub.request("DELETE", `/api/services/${id}`);
    const anew = { health_url: "https://elsewhere.example.com/", health_options: {}, agent: null };
    expect((await patch(anew)).status).toBe(200);
    expect(await hub.call("GET", `/api/services/${mine.ofAgent}`, 200)).toMatchObject({ health_options: {} });
    await hub.call("PATCH", `/api/services/${mine.ofAgent}`, 200, {
      health_url: "https://a.example.com/",
      health_options: { headers: { "x-token": SECRET } },
      agent: "inside",
    });
  });
});

test("a project that gets another name while a registration is under way is not registered in, nor made", async () => {
  const { id } = await hub.call<{ id: number }>("POST", "/api/projects", 201, { name: "moving" });
  const key = await keyOf("register", ["moving"]);
  /** The body comes when the key was looked at already. */
  const register = async (meanwhile: () => Promise<unknown>) => {
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await meanwhile();
        controller.enqueue(new TextEncoder().encode('{"health_method": "heartbeat"}'));
        controller.close();
      },
    });
    return (await hub.send("PUT", "/api/projects/moving/services/x", "application/json", body, key)).status;
  };
  const rename = (name: string) => hub.call("PATCH", `/api/projects/${id}`, 200, { name });
  expect(await register(() => rename("moved"))).toBe(403);
  expect(await hub.call("GET", "/api/projects?q=mov", 200)).toMatchObject({ total: 1 });
  await rename("moving");
  const others = async () => {
    await rename("moved");
    await hub.call("PUT", "/api/projects/moving/services/x", 201, { health_method: "heartbeat", tags: ["theirs"] });
  };
  expect(await register(others)).toBe(403);
  expect(await hub.call("GET", "/api/services?project=moving", 200)).toMatchObject({
    services: [{ tags: ["theirs"] }],
  });
  expect(await hub.call("GET", "/api/services?project=moved", 200)).toMatchObject({ total: 0 });
});

describe("an agent's key that is limited to a project", () => {
  const key = keys.agent ?? "";

  test("gets the checks of this project and reports no others", async () => {
    const { checks, vantage } = await (await ask("GET", "/api/agents/inside/checks", key)).json<{
      checks: { service_id: number }[];
      vantage: boolean;
    }>();
    expect(checks.map(({ service_id }) => service_id)).toEqual([mine.ofAgent]);
    expect(vantage).toBe(false);
    const at = hub.context.now();
    const seen = [mine.ofAgent, other.ofAgent].map((service_id) => ({
      service_id,
      rev: 1,
      due_at: at,
      attempt: 0,
      at,
      verdict: "ok",
      latency_ms: 1,
      error: null,
      details: {},
    }));
    const report = { version: "1", host: "h", problem: null, waiting: 0, dropped: 0, observations: seen };
    const { refused } = await (await ask("POST", "/api/agents/inside/observations", key, report)).json<{
      refused: { service_id: number }[];
    }>();
    expect(refused.map(({ service_id }) => service_id)).toEqual([other.ofAgent]);
  });

  test("registers containers of this project, and neither registers nor ends those of others", async () => {
    const container = (project: string, container_id: string) => ({
      project,
      name: "box",
      container_id,
      health_method: "container",
      health_url: "",
    });
    const all = [container("mine", "c1"), container("other", "c2")];
    const whole = await keyOf("agent", ["mine", "other"]);
    await ask("PUT", "/api/agents/inside/services", whole, { services: all, gone: [] });
    const answer = await (await ask("PUT", "/api/agents/inside/services", key, { services: all, gone: [] })).json();
    expect(answer).toMatchObject({
      refused: [{ project: "other", name: "box", reason: "the agent's key is limited to other projects" }],
      deregistered: 0,
    });
    const { services } = await hub.call<{ services: Service[] }>("GET", "/api/services?project=other&q=box", 200);
    expect(services).toMatchObject([{ gone_since: null }]);
  });
});

test("an agent's limited key undoes no deletion in other projects", async () => {
  const whole = await keyOf("agent", ["mine", "other"]);
  const container = (project: string, container_id: string) => ({
    project,
    name: "dropped",
    container_id,
    health_method: "container",
    health_url: "",
  });
  const put = async (key: string, body: object) =>
    await (await ask("PUT", "/api/agents/inside/services", key, { gone: [], ...body })).json<{ digest: string }>();
  const services = [container("mine", "d1"), container("other", "d2")];
  await put(whole, { services });
  const listed = await hub.call<{ services: Service[] }>("GET", "/api/services?q=dropped", 200);
  for (const { id } of listed.services) await hub.request("DELETE", `/api/services/${id}`);
  const gone = ["mine", "other"].map((project) => ({ project, name: "dropped", reason: "container removed" }));
  await put(keys.agent ?? "", { services: [], gone });
  expect(await put(whole, { services })).toMatchObject({
    registered: expect.any(Number),
    deleted: [{ project: "other", name: "dropped" }],
  });
  const { digest } = await put(keys.agent ?? "", { services: services.slice(0, 1) });
  await put(whole, { services: [services[0], { ...container("other", "d3"), name: "further" }] });
  expect((await put(keys.agent ?? "", { services: services.slice(0, 1) })).digest).toBe(digest);
});

test("a limited key sends no secret of the hub to a host that is not named, even where all others may", async () => {
  const vars = { PROBE_SECRETS_ANYWHERE: "true", PROBE_SECRET_X: "x", PROBE_SECRET_X_HOSTS: "a.example.com" };
  const local = await testHub(vars);
  const { id: project } = await local.call<{ id: number }>("POST", "/api/projects", 201, { name: "local" });
  const web = (host: string) => ({
    health_method: "http",
    health_url: `https://${host}/`,
    name: "web",
    health_options: { headers: { "x-token": "${PROBE_SECRET_X}" } },
  });
  const { id } = await local.call<Service>("PUT", "/api/projects/local/services/web", 201, web("b.example.com"));
  for (const scope of ["register", "write", "admin"]) {
    const made = { name: "k", scope, projects: ["local"] };
    const { key } = await local.call<{ key: string }>("POST", "/api/keys", 201, made);
    const status = async (method: string, path: string, body: object) =>
      (await local.request(method, path, body, { key })).status;
    const put = (host: string) =>
      status("PUT", `/api/projects/local/services/web-of-${scope}`, { ...web(host), name: undefined });
    expect([await put("b.example.com"), await put("a.example.com")], scope).toEqual([400, 201]);
    const post = { ...web("b.example.com"), name: `posted-${scope}`, project: "local" };
    expect(await status("POST", "/api/services", post), scope).toBe(400);
    expect(await status("PATCH", `/api/services/${id}`, web("c.example.com")), scope).toBe(400);
    expect(await status("PATCH", `/api/services/${id}`, { tags: [scope] }), scope).toBe(200);
    if (scope !== "register") {
      const manifest = { services: [web("b.example.com")] };
      expect(await status("PUT", `/api/projects/${project}/manifest?dry_run=true`, manifest), scope).toBe(400);
    }
  }
});

describe("making a limited key", () => {
  const make = (body: object) => hub.request("POST", "/api/keys", { name: "k", ...body });

  test("needs projects that exist, and one for the scope register", async () => {
    const errors = async (body: object) => (await (await make(body)).json<{ errors: object[] }>()).errors;
    expect(await errors({ scope: "read", projects: ["mine", "none"] })).toEqual([
      { path: "projects.1", message: "there is no project named none" },
    ]);
    for (const projects of [undefined, null, [], ["mine", "other"]]) {
      expect((await errors({ scope: "register", projects }))[0]).toMatchObject({ path: "projects" });
    }
  });

  test("it follows a project to its new name, and opens nothing when the project is deleted", async () => {
    const { id } = await hub.call<{ id: number }>("POST", "/api/projects", 201, { name: "early" });
    const key = await keyOf("write", ["early"]);
    await hub.call("PATCH", `/api/projects/${id}`, 200, { name: "late" });
    const beat = { health_method: "heartbeat" };
    expect((await ask("PUT", "/api/projects/late/services/x", key, beat)).status).toBe(201);
    await hub.call("POST", "/api/projects", 201, { name: "early" });
    expect((await ask("PUT", "/api/projects/early/services/x", key, beat)).status).toBe(403);
    const listed = async () =>
      (await hub.call<{ keys: { projects: string[] }[] }>("GET", "/api/keys", 200)).keys.at(-1);
    expect(await listed()).toMatchObject({ scope: "write", projects: ["late"] });
    await hub.request("DELETE", `/api/projects/${id}`);
    await hub.call("POST", "/api/projects", 201, { name: "late" });
    expect((await ask("PUT", "/api/projects/late/services/x", key, beat)).status).toBe(403);
    expect(await (await ask("GET", "/api/services", key)).json()).toMatchObject({ services: [], total: 0 });
    expect(await listed()).toMatchObject({ projects: [] });
  });

  test("a session has the limits of its key, and a key of the scope register begins none", async () => {
    const signIn = (key: string) => hub.request("POST", "/api/session", { key }, { key: null });
    expect((await signIn(keys.register ?? "")).status).toBe(403);
    const begun = await signIn(keys.write ?? "");
    expect(await begun.json()).toMatchObject({ scope: "write", projects: [mine.project] });
    const cookie = begun.headers.get("set-cookie")?.split(";")[0] ?? "";
    const asked = await hub.request("GET", `/api/services/${other.service}`, undefined, {
      key: null,
      headers: { cookie },
    });
    expect(asked.status).toBe(403);
  });
});

test("a socket of a limited key, or of its ticket, is told of its limits, and a client can't set them", async () => {
  const upgrade = { upgrade: "websocket", "x-hub-projects": "1,2,3,999" };
  const opened = async (path: string, key: string | null) => {
    const response = await hub.request("GET", path, undefined, { key, headers: upgrade });
    response.webSocket?.accept();
    response.webSocket?.close();
    return { status: response.status, limits: hub.upgrades.at(-1)?.headers.get("x-hub-projects") };
  };
  const limits = String(mine.project);
  expect(await opened("/ws/health", keys.read ?? "")).toEqual({ status: 101, limits });
  const { ticket } = await (await ask("POST", "/api/tickets", keys.read ?? "")).json<{ ticket: string }>();
  expect(await opened(`/ws/health?ticket=${ticket}`, null)).toEqual({ status: 101, limits });
  expect(await opened("/ws/health", hub.keys.read)).toEqual({ status: 101, limits: null });
  expect((await opened("/ws/federation", keys.read ?? "")).status).toBe(403);
  expect((await opened("/ws/agents/inside", keys.agent ?? "")).status).toBe(403);
});
