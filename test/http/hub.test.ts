import { afterEach, describe, expect, test, vi } from "vitest";
import { metricsText } from "../../src/core/hub/metrics-text.ts";
import { createApp } from "../../src/http/app.ts";
import { addProject, addService, NOW } from "../store/fixtures.ts";
import { aLive, testHub } from "./test-hub.ts";

const hub = await testHub();
const project = await addProject(hub.db, "shop");
const db = await addService(hub.db, project, { name: "db", service_type: "database" });
const api = await addService(hub.db, project, { name: "api", depends_on: ["db", "gone"] });
await addService(hub.db, project, { name: "off", enabled: false });
hub.live.set(db.id, aLive({ status: "down", latency_ms: null, consecutive_failures: 4 }));
hub.live.set(api.id, aLive({ status: "down", latency_ms: 1_500 }));

const anonymous = { key: null };
afterEach(() => vi.restoreAllMocks());

describe("the hub's own health", () => {
  test.each(["/health", "/api/health"])("is public at %s, as application/health+json", async (path) => {
    const response = await hub.request("GET", path, undefined, anonymous);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/health+json");
    expect(await response.json()).toMatchObject({
      status: "pass",
      serviceId: "hub-main",
      checks: { "database:responseTime": [{ status: "pass" }], "queues:plannedAge": [{ observedValue: 0 }] },
    });
  });

  test("names the size of the database, and its limit where it has one", async () => {
    const sizeOf = async ({ call }: typeof hub) => {
      const { checks } = await call<{ checks: Record<string, object[]> }>("GET", "/health", 200);
      return checks["database:size"];
    };
    const size = { status: "pass", observedUnit: "bytes", observedValue: expect.any(Number) };
    const known = "how fast it grows is known after a week";
    expect(await sizeOf(hub)).toMatchObject([{ ...size, output: expect.stringMatching(` MB of 10 GB: ${known}$`) }]);
    const local = await testHub({ LOCAL_QUEUES: "true" });
    expect(await sizeOf(local)).toMatchObject([{ ...size, output: expect.stringMatching(/^[\d.]+ MB$/) }]);
  });

  test("is 503 when database and live board are away, and says nothing of the reason", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const away = () => {
      throw new Error("secret-host:5432 is away");
    };
    const app = createApp(() => ({ ...hub.context, db: new Proxy(hub.db, { get: away }), pipelineHealth: away }));
    const response = await app.request("/health");
    expect(response.status).toBe(503);
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({
      status: "fail",
      checks: { "database:responseTime": [{ status: "fail" }], "board:state": [{ status: "fail" }] },
    });
    expect(text).not.toContain("secret-host");
  });
});

describe("metrics", () => {
  test("tell the state of each enabled service and of the hub", async () => {
    const response = await hub.request("GET", "/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = (await response.text()).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        'hub_service_up{project="shop",service="db"} 0',
        'hub_service_status{project="shop",service="db"} 3',
        'hub_service_latency_seconds{project="shop",service="api"} 1.5',
        `hub_service_last_check_timestamp_seconds{project="shop",service="db"} ${NOW / 1_000}`,
        'hub_service_consecutive_failures{project="shop",service="db"} 4',
        'hub_service_flips_total{project="shop",service="db"} 0',
        'hub_services{status="down"} 2',
        expect.stringMatching(/^hub_database_size_bytes \d+$/),
        "hub_healthy 1",
        'hub_pipeline_age_seconds{step="planned"} 0',
        "# TYPE hub_service_flips_total counter",
      ]),
    );
    expect(lines.filter((line) => line.includes('service="off"'))).toEqual([]);
  });

  test("escape what would break a line", () => {
    const samples = [{ labels: { a: 'x"\\\ny' }, value: Number.POSITIVE_INFINITY }];
    expect(metricsText([{ name: "m", type: "gauge", help: "a\nb\\", samples }])).toBe(
      '# HELP m a\\nb\\\\\n# TYPE m gauge\nm{a="x\\"\\\\\\ny"} +Inf\n',
    );
    expect(metricsText([{ name: "m", type: "gauge", help: "h", samples: [] }])).toBe("");
    const odd = [Number.NaN, Number.NEGATIVE_INFINITY].map((value) => ({ labels: {}, value }));
    expect(metricsText([{ name: "m", type: "gauge", help: "h", samples: odd }])).toContain("m NaN\nm -Inf\n");
  });
});

describe("the graph of dependencies", () => {
  test("tells edges, what is missing and where an outage comes from", async () => {
    expect(await hub.call("GET", "/api/dependencies", 200)).toMatchObject({
      nodes: [
        { id: db.id, name: "db", status: "down", hub_id: "hub-main", root_cause: [db.id] },
        { id: api.id, root_cause: [db.id] },
        { name: "off", status: "unknown" },
      ],
      edges: [{ from: api.id, to: db.id }],
      missing: [{ from: api.id, to: "shop/gone" }],
      cycles: [],
    });
  });

  test("of one project, by name or id", async () => {
    await addService(hub.db, await addProject(hub.db, "other"), { name: "alone" });
    const names = async (reference: string | number) => {
      const graph = await hub.call<{ nodes: { name: string }[] }>("GET", `/api/dependencies?project=${reference}`, 200);
      return graph.nodes.map((node) => node.name);
    };
    expect(await names("other")).toEqual(["alone"]);
    expect(await names(project.id)).toEqual(["db", "api", "off"]);
    await hub.call("GET", "/api/dependencies?project=nowhere", 404);
  });
});

test("the summary is the hub's", async () => {
  expect(await hub.call("GET", "/api/summary", 200)).toMatchObject({ hub_id: "hub-main", overall_status: "unknown" });
});

describe("the description of the API", () => {
  test("is public OpenAPI 3.1 with the schemas that validate", async () => {
    const response = await hub.request("GET", "/openapi.json", undefined, anonymous);
    expect(await response.json()).toMatchObject({
      openapi: "3.1.0",
      components: {
        securitySchemes: { bearer: { type: "http", scheme: "bearer" } },
        schemas: {
          Manifest: { properties: { services: { items: { $ref: "#/components/schemas/ServiceInput" } } } },
          ServiceInput: {
            properties: { health_interval: { type: "integer", minimum: 5, maximum: 86_400 } },
            additionalProperties: false,
          },
          Problem: {},
          Service: {},
        },
      },
    });
  });

  test("is browsable without any outside host", async () => {
    const response = await hub.request("GET", "/docs", undefined, anonymous);
    const page = await response.text();
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(page).toContain('src="/docs/api-docs.js"');
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/<script>|<style|style=/);
    const policy = response.headers.get("content-security-policy");
    expect(policy).not.toContain("unsafe");
    expect(policy).toContain("default-src 'none'");
  });
});
