import { describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { manifestEntry } from "../../src/core/service/manifest-export.ts";
import { planManifest } from "../../src/core/service/manifest-plan.ts";
import type { ServiceRow } from "../../src/core/service/service-row.ts";
import { parseManifest } from "../../src/core/service/service-rules.ts";
import { entriesOf, serviceChanges } from "../../src/dashboard/model/manifest-changes.ts";
import { EMPTY_MANIFEST } from "../../src/dashboard/model/manifest-text.ts";
import { bodyOf, formOf, NEW_SERVICE } from "../../src/dashboard/model/service-form.ts";
import { aService } from "./rows.ts";

const services = [
  aService(),
  aService({
    id: 2,
    name: "api",
    health_method: "http",
    health_url: "https://api.example/health",
    port: 443,
    service_type: "api",
  }),
  aService({
    id: 3,
    name: "odd",
    health_method: "tcp",
    health_url: "mq.example:5672",
    port: 1234,
    service_type: "other",
    health_interval: 5,
    health_timeout: 4,
    health_retries: 0,
    tags: ["a"],
    metadata: { n: 1 },
    enabled: false,
    depends_on: ["db"],
    health_options: { expect: "AMQP" },
    capabilities: ["x"],
  }),
  aService({ id: 4, name: "beat", health_method: "heartbeat", health_url: "", port: null, service_type: "worker" }),
];

describe("the manifest of a project", () => {
  test("applied as it is changes nothing", () => {
    const text = stringify({ services: services.map(manifestEntry) });
    const wanted = parseManifest(parse(text), { allowPrivate: true, mayReceive: () => true });
    if (!wanted.ok) throw new Error(JSON.stringify(wanted.error));
    const rows = services.map((service) => ({ ...service, unreadable: [] }) as unknown as ServiceRow); // what is compared
    expect(planManifest(rows, wanted.value)).toMatchObject({ create: [], update: [], delete: [], unchanged: 4 });
  });

  test("leaves out what is as usual or follows from the target", () => {
    expect(manifestEntry(aService())).toEqual({
      name: "db",
      health_method: "postgres",
      health_url: "postgres://db:5432/app",
    });
  });

  test("that is empty can be read", () => expect(parse(EMPTY_MANIFEST)).toEqual({ services: [] }));
});

describe("what a plan changes", () => {
  const before = services.map(manifestEntry);

  test("is told field by field", () => {
    const after = [
      { ...before[0], name: "db", health_interval: 60 },
      { name: "new", health_method: "heartbeat" },
    ];
    const plan = { create: ["new"], update: ["db"], delete: ["odd"], unchanged: 0 };
    expect(serviceChanges(plan, before.slice(0, 1), after)).toEqual([
      { kind: "delete", name: "odd", fields: [] },
      { kind: "update", name: "db", fields: [{ field: "health_interval", before: null, after: "60" }] },
      { kind: "create", name: "new", fields: [{ field: "health_method", before: null, after: "heartbeat" }] },
    ]);
  });

  test.each([[null], [[]], ["text"], [{ services: "x" }], [{ services: [null, 1, { name: 7 }] }]])(
    "of a manifest like %j is nothing, and no error",
    (manifest) => expect(entriesOf(manifest)).toEqual([]),
  );
});

describe("the form of a service", () => {
  test("sent as it is changes nothing", () => {
    for (const service of services) {
      const made = bodyOf(formOf(service));
      if ("errors" in made) throw new Error(JSON.stringify(made.errors));
      expect(service).toMatchObject(made.body);
    }
  });

  test("lets the hub guess the type", () => {
    const made = bodyOf({ ...NEW_SERVICE, name: " site ", health_url: " http://localhost " });
    expect(made).toMatchObject({ body: { name: "site", health_url: "http://localhost" } });
    expect("body" in made && "service_type" in made.body).toBe(false);
  });

  test("names what is no number and no JSON", () => {
    const health_options = { as: "json", text: "[1]" } as const;
    const made = bodyOf({ ...NEW_SERVICE, health_interval: "soon", health_retries: "-1", health_options });
    expect(made).toMatchObject({
      errors: [{ path: "health_options" }, { path: "health_interval" }, { path: "health_retries" }],
    });
  });

  test("takes names with commas, spaces or both", () => {
    expect(bodyOf({ ...NEW_SERVICE, depends_on: "a, b/c  d,", tags: "" })).toMatchObject({
      body: { depends_on: ["a", "b/c", "d"], tags: [] },
    });
  });
});
