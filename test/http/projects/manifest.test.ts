import { describe, expect, test } from "vitest";
import type { Service } from "../../../src/core/board/service-view.ts";
import { addProject } from "../../store/fixtures.ts";
import { testHub } from "../test-hub.ts";

const service = (name: string, more: object = {}) => ({
  name,
  health_method: "http",
  health_url: `https://${name}.example.com/health`,
  ...more,
});

describe("a manifest", async () => {
  const hub = await testHub();
  const project = await addProject(hub.db, "shop");
  const path = `/api/projects/${project.id}/manifest`;
  const names = async () => {
    const { services } = await hub.call<{ services: Service[] }>("GET", "/api/services?project=shop", 200);
    return services.map((each) => each.name);
  };

  test("makes the project's services exactly these", async () => {
    const services = [service("a"), service("b", { depends_on: ["not-there"] })];
    expect(await hub.call("PUT", path, 200, { services })).toMatchObject({
      plan: { create: ["a", "b"], update: [], delete: [], unchanged: 0 },
    });
    expect(hub.lastChange()?.registered).toEqual(["a", "b"]);
    const next = { services: [service("b", { health_interval: 60 }), service("c", { enabled: false })] };
    const plan = { plan: { create: ["c"], update: ["b"], delete: ["a"], unchanged: 0 } };
    expect(await hub.call("PUT", `${path}?dry_run=true`, 200, next)).toMatchObject(plan);
    expect(await names()).toEqual(["a", "b"]);
    expect(await hub.call("PUT", path, 200, next)).toMatchObject(plan);
    expect(await names()).toEqual(["b", "c"]);
    expect(hub.lastChange()).toEqual({ registered: ["b"], deregistered: ["a"], created: [] });
  });

  test("that changes nothing tells nobody", async () => {
    const services = [service("b", { health_interval: 60 }), service("c", { enabled: false })];
    const before = hub.changes.length;
    expect(await hub.call("PUT", path, 200, { services })).toMatchObject({
      plan: { create: [], update: [], delete: [], unchanged: 2 },
    });
    expect(hub.changes).toHaveLength(before);
  });

  test("with errors names each and changes nothing", async () => {
    const services = [
      service("x"),
      service("y", { health_url: "nonsense" }),
      service("x"),
      { name: "z", health_interval: 1 },
    ];
    const problem = await hub.call<{ errors: { path: string }[] }>("PUT", path, 400, { services });
    expect(problem.errors.map((error) => error.path).sort()).toEqual([
      "services[1].health_url",
      "services[2].name",
      "services[3].health_interval",
      "services[3].health_method",
    ]);
    expect(await names()).toEqual(["b", "c"]);
  });

  test.each(["application/yaml", "text/yaml", "application/x-yaml; charset=utf-8"])(
    "may be YAML, as %s",
    async (type) => {
      const yaml = `
services:
  - &base
    name: b
    health_method: http
    health_url: https://b.example.com/health
    health_interval: 60
  - { name: c, health_method: tcp, health_url: "c.example.com:5432" }
`;
      const response = await hub.request("PUT", `${path}?dry_run=true`, yaml, { headers: { "content-type": type } });
      expect(await response.json()).toMatchObject({ plan: { create: [], update: ["c"], delete: [], unchanged: 1 } });
    },
  );

  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${[..."bcdefgh"].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefgh"[i]}`)}]`).join("\n")}\nservices: *h`;
  test.each([
    ["text that is no YAML", "application/yaml", "services: [", 400],
    ["an alias bomb", "application/yaml", bomb, 400],
    ["YAML nested very deeply", "application/yaml", "[".repeat(100_000), 400],
    ["YAML of a list", "application/yaml", "- 1", 400],
    ["an empty document", "application/yaml", "", 400],
    ["text that is no JSON", "application/json", "{", 400],
    ["JSON nested very deeply", "application/json", `{"services":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, 400],
    ["a form", "application/x-www-form-urlencoded", "services=1", 415],
    ["more than 256 KB", "application/yaml", "#".repeat(257 * 1_024), 413],
  ])("of %s is refused", async (_, type, body, status) => {
    const response = await hub.request("PUT", path, body, { headers: { "content-type": type } });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, type: "about:blank" });
  });

  test.each([
    ["repeats a key", "services: []\nservices: []", "services"],
    ["is broken", "services: []\n  - a: [", "line 2"],
  ])("of YAML that %s is told where", async (_, yaml, part) => {
    const response = await hub.request("PUT", path, yaml, { headers: { "content-type": "text/yaml" } });
    const { detail } = await response.json<{ detail: string }>();
    expect(detail).toContain(part);
    expect(detail).toContain("line 2");
  });

  test.each([
    ["keys", Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["errors", "!a ".repeat(85_000)],
  ])("with very many %s is refused", async (_, yaml) => {
    const response = await hub.request("PUT", path, yaml, { headers: { "content-type": "text/yaml" } });
    expect(response.status).toBe(400);
  });

  test("that is not UTF-8 is refused", async () => {
    const response = await hub.send("PUT", path, "application/yaml", new Uint8Array([0xff, 0xfe, 0x00]));
    expect(response.status).toBe(400);
  });

  test("needs its project", async () => {
    await hub.call("PUT", "/api/projects/999/manifest", 404, { services: [] });
  });

  test("of a stopped project is kept and registered with the start", async () => {
    const later = await addProject(hub.db, "later");
    await hub.call("POST", `/api/projects/${later.id}/stop`, 200);
    const before = hub.changes.length;
    await hub.call("PUT", `/api/projects/${later.id}/manifest`, 200, { services: [service("d")] });
    expect(hub.changes).toHaveLength(before);
    await hub.call("POST", `/api/projects/${later.id}/start`, 200);
    expect(hub.lastChange()?.registered).toEqual(["d"]);
  });
});
