import { describe, expect, test } from "vitest";
import type { Service } from "../../../src/core/board/service-view.ts";
import { addProject } from "../../store/fixtures.ts";
import { testHub } from "../test-hub.ts";

const http = { health_method: "http", health_url: "https://api.example.com/health" };

describe("self-registration", async () => {
  const hub = await testHub();
  const path = "/api/projects/own/services/api";

  test("makes project and service, then changes nothing until something is other", async () => {
    const made = await hub.call<Service>("PUT", path, 201, http);
    expect(made).toMatchObject({ project: "own", name: "api" });
    expect(hub.lastChange()).toEqual({ registered: ["api"], deregistered: [], created: [made.id] });
    expect(await hub.call("PUT", path, 200, { ...http, name: "api", project: "own" })).toEqual(made);
    expect(hub.changes).toHaveLength(1);
    expect(await hub.call("PUT", path, 200, { ...http, tags: ["a"] })).toMatchObject({ id: made.id, tags: ["a"] });
    expect(hub.changes).toHaveLength(2);
    await hub.call("PUT", "/api/projects/own/services/second", 201, http);
  });

  test("refuses the name that is the hub's own on NATS, as every other way in does", async () => {
    const answer = await hub.request("PUT", "/api/projects/own/services/summary", http);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ path: "name", message: "this name is reserved" }] });
  });

  test("leaves a service disabled that somebody disabled", async () => {
    const made = await hub.call<Service>("PUT", "/api/projects/own/services/quiet", 201, http);
    await hub.call("PATCH", `/api/services/${made.id}`, 200, { enabled: false });
    expect(await hub.call("PUT", "/api/projects/own/services/quiet", 200, http)).toMatchObject({ enabled: false });
  });

  test("in a stopped project is stored and not registered", async () => {
    const stopped = await addProject(hub.db, "stopped");
    await hub.call("POST", `/api/projects/${stopped.id}/stop`, 200);
    const before = hub.changes.length;
    await hub.call("PUT", "/api/projects/stopped/services/api", 201, http);
    expect(hub.changes).toHaveLength(before);
  });

  test("many times at once makes one service", async () => {
    const racing = Array.from({ length: 8 }, () => hub.request("PUT", "/api/projects/race/services/api", http));
    const statuses = (await Promise.all(racing)).map((response) => response.status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 200)).toHaveLength(7);
  });

  test.each<[string, object]>([
    ["another name than the path", { ...http, name: "other" }],
    ["another project than the path", { ...http, project: "other" }],
    ["a wrong target", { ...http, health_url: "ftp://x" }],
    ["no method", {}],
  ])("with %s is refused", async (_, body) => {
    await hub.call("PUT", path, 400, body);
  });

  test("under a wrong name is refused", async () => {
    await hub.call("PUT", "/api/projects/Own/services/api", 400, http);
    await hub.call("PUT", "/api/projects/own/services/a.b", 400, http);
  });
});
