import { describe, expect, test } from "vitest";
import type { Service } from "../../../src/core/board/service-view.ts";
import { addProject, addService, NOW } from "../../store/fixtures.ts";
import { aLive, testHub } from "../test-hub.ts";

const http = { health_method: "http", health_url: "https://api.example.com/health" };

describe("services", async () => {
  const hub = await testHub();
  const project = await addProject(hub.db, "shop");

  test("are registered with defaults, in a project by id or by name", async () => {
    const made = await hub.call<Service>("POST", "/api/services", 201, {
      project_id: project.id,
      name: "api",
      ...http,
    });
    expect(made).toMatchObject({
      project: "shop",
      health_interval: 30,
      health_timeout: 5,
      health_retries: 3,
      port: 443,
      enabled: true,
      health_status: "unknown",
      status_since: new Date(NOW).toISOString(),
      last_health_check: null,
    });
    expect(hub.lastChange()).toEqual({ registered: ["api"], deregistered: [], created: [made.id] });
    await hub.call("POST", "/api/services", 201, { project: "shop", project_id: project.id, name: "api2", ...http });
    await hub.call("POST", "/api/services", 409, { project: "shop", name: "api", ...http });
  });

  test.each<[string, object, number, string]>([
    ["no project", { name: "x", ...http }, 400, "project_id"],
    ["two different projects", { name: "x", project_id: project.id, project: "other", ...http }, 400, "project"],
    ["an unknown field", { name: "x", project: "shop", intervall: 5, ...http }, 400, "intervall"],
    ["a private target", { name: "x", project: "shop", ...http, health_url: "http://127.1/" }, 400, "health_url"],
    [
      "a wrong option",
      { name: "x", project: "shop", ...http, health_options: { tls: true } },
      400,
      "health_options.tls",
    ],
    [
      "an unknown field named __proto__",
      JSON.parse('{"name":"x","__proto__":{"project":"shop"}}'),
      400,
      "health_method",
    ],
  ])("with %s are refused with the path", async (_, body, status, path) => {
    const problem = await hub.call<{ errors: { path: string }[] }>("POST", "/api/services", status, body);
    expect(problem.errors.map((error) => error.path)).toContain(path);
  });

  test("of an unknown project are refused", async () => {
    await hub.call("POST", "/api/services", 404, { project: "nowhere", name: "x", ...http });
    await hub.call("POST", "/api/services", 404, { project_id: 999, name: "x", ...http });
  });

  test("show the live state over the stored one", async () => {
    const row = await addService(hub.db, project, { name: "live" });
    hub.live.set(row.id, aLive({ status: "degraded", latency_ms: 1_200, details: { version: "2.1" } }));
    const service = await hub.call<Service>("GET", `/api/services/${row.id}`, 200);
    expect(service).toMatchObject({ health_status: "degraded", health_details: { latency_ms: 1_200, version: "2.1" } });
  });

  test("are changed, and say nothing when nothing changes", async () => {
    const row = await addService(hub.db, project, { name: "changing" });
    const path = `/api/services/${row.id}`;
    const before = hub.changes.length;
    await hub.call("PATCH", path, 200, {});
    await hub.call("PATCH", path, 200, { health_interval: row.health_interval });
    expect(hub.changes).toHaveLength(before);
    expect(await hub.call("PATCH", path, 200, { health_interval: 60 })).toMatchObject({ health_interval: 60 });
    expect(hub.lastChange()).toEqual({ registered: ["changing"], deregistered: [], created: [] });
    expect(await hub.call("PATCH", path, 200, { enabled: false })).toMatchObject({ health_status: "unknown" });
    expect(hub.lastChange()).toEqual({ registered: [], deregistered: ["changing"], created: [] });
    await hub.call("PATCH", path, 200, { enabled: true });
    expect(hub.lastChange()).toEqual({ registered: ["changing"], deregistered: [], created: [row.id] });
    await hub.call("PATCH", path, 400, { health_timeout: 60 });
    await hub.call("PATCH", path, 409, { name: "api" });
    await hub.call("PATCH", path, 400, { project: "other" });
  });

  test("are deleted", async () => {
    const row = await addService(hub.db, project, { name: "leaving" });
    await hub.call("DELETE", `/api/services/${row.id}`, 204);
    expect(hub.lastChange()).toEqual({ registered: [], deregistered: ["leaving"], created: [] });
    await hub.call("DELETE", `/api/services/${row.id}`, 404);
  });

  test.each(["999", "0", "99999999999999999999999999"])("with the id %s are not there", async (id) => {
    for (const method of ["GET", "DELETE"]) await hub.call(method, `/api/services/${id}`, 404);
    await hub.call("PATCH", `/api/services/${id}`, 404, { tags: [] });
  });

  test.each(["-1", "abc", "1.5", "1e3", "%00", "%ED%A0%80", "NaN"])(
    "with the id %s are a wrong request",
    async (id) => {
      await hub.call("GET", `/api/services/${id}`, 400);
    },
  );
});
