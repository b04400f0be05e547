import { describe, expect, test } from "vitest";
import type { Project } from "../../../src/core/service/records.ts";
import { addProject, addService, serviceInput } from "../../store/fixtures.ts";
import { aLive, testHub } from "../test-hub.ts";

type List = { projects: Project[]; next_cursor: string | null; total: number };

describe("projects", async () => {
  const hub = await testHub();

  test("are made, read, renamed and deleted", async () => {
    const made = await hub.call<Project>("POST", "/api/projects", 201, { name: "crud", metadata: { team: "a" } });
    expect(made).toMatchObject({
      name: "crud",
      status: "running",
      health: "unknown",
      service_count: 0,
      metadata: { team: "a" },
    });
    const path = `/api/projects/${made.id}`;
    expect(await hub.call("GET", path, 200)).toEqual(made);
    expect(await hub.call("PATCH", path, 200, { name: "renamed" })).toMatchObject({
      name: "renamed",
      metadata: { team: "a" },
    });
    expect(await hub.call("PATCH", path, 200, {})).toMatchObject({ name: "renamed" });
    await hub.call("DELETE", path, 204);
    await hub.call("GET", path, 404);
    await hub.call("DELETE", path, 404);
    await hub.call("PATCH", path, 404, { metadata: {} });
    expect(hub.changes).toEqual([]);
  });

  test("tell where a new one is", async () => {
    const response = await hub.request("POST", "/api/projects", { name: "located" });
    const { id } = await response.json<Project>();
    expect(response.headers.get("location")).toBe(`/api/projects/${id}`);
  });

  test("can't share a name", async () => {
    await hub.call("POST", "/api/projects", 201, { name: "one" });
    const two = await hub.call<Project>("POST", "/api/projects", 201, { name: "two" });
    await hub.call("POST", "/api/projects", 409, { name: "one" });
    await hub.call("PATCH", `/api/projects/${two.id}`, 409, { name: "one" });
  });

  test.each([{ name: "Shop" }, { name: "a.b" }, {}, { name: "a", colour: 1 }, { name: "a", metadata: [] }, [], null])(
    "are refused as %j",
    async (body) => {
      await hub.call("POST", "/api/projects", 400, body);
    },
  );

  test("are listed in pages that hold each once", async () => {
    for (const n of [1, 2, 3, 4, 5]) await hub.call("POST", "/api/projects", 201, { name: `page-${n}` });
    const names: string[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const page: List = await hub.call("GET", `/api/projects?q=page-&limit=2${cursor && `&cursor=${cursor}`}`, 200);
      expect(page.total).toBe(5);
      names.push(...page.projects.map((project) => project.name));
      cursor = page.next_cursor;
    }
    expect(names).toEqual(["page-1", "page-2", "page-3", "page-4", "page-5"]);
  });

  test.each([
    "limit=0",
    "limit=1001",
    "limit=-1",
    "limit=NaN",
    "limit=1e3",
    "cursor=-1",
    "cursor=%00",
    "limit=1&limit=2",
  ])("can't be listed with %s", async (query) => {
    await hub.call("GET", `/api/projects?${query}`, 400);
  });
});

describe("starting and stopping", async () => {
  const hub = await testHub();
  const project = await addProject(hub.db, "shop");
  const api = await addService(hub.db, project, { name: "api" });
  await addService(hub.db, project, { name: "off", enabled: false });
  const path = `/api/projects/${project.id}`;

  test("deregisters and registers the enabled services, once", async () => {
    expect(await hub.call("POST", `${path}/stop`, 200)).toMatchObject({ status: "stopped", health: "unknown" });
    expect(hub.lastChange()).toEqual({ registered: [], deregistered: ["api"], created: [] });
    await hub.call("POST", `${path}/stop`, 200);
    expect(hub.changes).toHaveLength(1);
    expect(await hub.call("POST", `${path}/start`, 200)).toMatchObject({ status: "running" });
    expect(hub.lastChange()).toEqual({ registered: ["api"], deregistered: [], created: [api.id] });
    expect(hub.changes[1]?.registered[0]?.rev).toBeGreaterThan(api.rev);
    await hub.call("POST", `${path}/start`, 200);
    expect(hub.changes).toHaveLength(2);
    await hub.call("POST", "/api/projects/999/start", 404);
  });

  test("renaming tells the hub the new name, as a change", async () => {
    await hub.call("PATCH", path, 200, { name: "store" });
    expect(hub.changes.at(-1)?.registered.map((row) => row.project)).toEqual(["store"]);
    expect(hub.lastChange()?.created).toEqual([]);
  });

  test("deleting a project deregisters its services", async () => {
    await hub.call("DELETE", path, 204);
    expect(hub.lastChange()).toEqual({ registered: [], deregistered: ["api", "off"], created: [] });
    await hub.call("GET", `/api/services/${api.id}`, 404);
  });
});

describe("the health of a project", async () => {
  const hub = await testHub();
  const project = await addProject(hub.db, "live");
  const up = await addService(hub.db, project, { name: "up", service_type: "web" });
  const down = await addService(hub.db, project, { name: "down" });
  await addService(hub.db, project, serviceInput({ name: "off", enabled: false }));
  hub.live.set(up.id, aLive({ latency_ms: 7 }));
  hub.live.set(down.id, aLive({ status: "down" }));
  const path = `/api/projects/${project.id}`;

  test("is live, and does not count what is disabled", async () => {
    expect(await hub.call("GET", `${path}/health`, 200)).toMatchObject({
      project_id: project.id,
      name: "live",
      status: "running",
      health: "unhealthy",
      service_count: 3,
      counts: { up: 1, degraded: 0, down: 1, unknown: 0 },
      services: [
        { id: up.id, name: "up", type: "web", status: "up", latency_ms: 7, since: expect.stringMatching(/Z$/) },
        { name: "down", status: "down" },
        { name: "off", status: "unknown", latency_ms: null },
      ],
    });
  });

  test("is unknown while it is stopped", async () => {
    await hub.call("POST", `${path}/stop`, 200);
    expect(await hub.call("GET", `${path}/health`, 200)).toMatchObject({
      health: "unknown",
      counts: { up: 0, degraded: 0, down: 0, unknown: 0 },
    });
    await hub.call("GET", "/api/projects/999/health", 404);
  });
});
