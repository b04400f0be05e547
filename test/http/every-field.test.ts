/** Every field of a service's definition, through each way in and out. A field without a sample here does not compile. */
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { manifestEntry } from "../../src/core/service/manifest-export.ts";
import type { FieldName, ServiceDefinition } from "../../src/core/service/service-definition.ts";
import { testHub } from "./test-hub.ts";

/** Two values of each field, neither of them the default. */
const SAMPLES: { [K in FieldName]: [ServiceDefinition[K], ServiceDefinition[K]] } = {
  name: ["one", "two"],
  service_type: ["queue", "other"],
  health_method: ["http", "http"],
  health_url: ["https://one.example/health", "https://two.example/health"],
  health_interval: [61, 62],
  health_timeout: [7, 8],
  health_retries: [1, 2],
  recover_after: [1, 3],
  health_options: [{ degraded_above_ms: 5 }, { expected_status: [204] }],
  version: ["1.0", "2.0"],
  port: [8_001, 8_002],
  container_id: ["c1", "c2"],
  agent: ["a1", "a2"],
  tags: [["t1"], ["t2", "t3"]],
  capabilities: [["c1"], ["c2"]],
  metadata: [{ a: { b: [1] } }, { c: null }],
  depends_on: [["db"], ["other/db"]],
  enabled: [false, true],
};
const NAMES = Object.keys(SAMPLES) as FieldName[]; // its own keys
const sample = (index: 0 | 1): ServiceDefinition =>
  Object.fromEntries(NAMES.map((name) => [name, SAMPLES[name][index]])) as unknown as ServiceDefinition; // all of its fields
const [first, second] = [sample(0), sample(1)];

const hub = await testHub();

type Listed = ServiceDefinition & { id: number; project_id: number };

async function list(query: string): Promise<Listed[]> {
  const page = (await hub.call("GET", `/api/services${query}`, 200)) as { services: Listed[] };
  return page.services;
}

test("POST keeps every field, and reading shows it", async () => {
  const made = await hub.call("PUT", "/api/projects/p/services/other", 201, { health_method: "heartbeat" });
  const { id } = await hub.call("POST", "/api/services", 201, { ...first, project_id: made.project_id });
  expect(await hub.call("GET", `/api/services/${id}`, 200)).toMatchObject(first);
});

test("PATCH changes every field by itself and leaves the others", async () => {
  const [{ id } = { id: 0 }] = await list("?q=one");
  let expected = first;
  for (const name of NAMES) {
    expected = { ...expected, [name]: second[name] };
    expect(await hub.call("PATCH", `/api/services/${id}`, 200, { [name]: second[name] })).toMatchObject(expected);
  }
  expect(await hub.call("GET", `/api/services/${id}`, 200)).toMatchObject(second);
});

test("PUT by name sets every field", async () => {
  const { name: _, ...fields } = first;
  expect(await hub.call("PUT", "/api/projects/p/services/two", 200, fields)).toMatchObject(fields);
});

test("a manifest sets every field, and one that was exported changes nothing", async () => {
  const [service] = await list("?q=two");
  const path = `/api/projects/${service?.project_id}/manifest`;
  const update = await hub.call("PUT", path, 200, { services: [{ ...second, health_retries: 9 }] });
  expect(update).toMatchObject({ plan: { update: ["two"] } });
  const listed = await list("");
  expect(listed).toMatchObject([{ ...second, health_retries: 9 }]);
  const manifest = parse(stringify({ services: listed.map(manifestEntry) }));
  expect(await hub.call("PUT", path, 200, manifest)).toMatchObject({ plan: { unchanged: 1, update: [] } });
});

test("a manifest entry says no more than it has to", () => {
  const probed = { health_method: "heartbeat", health_url: "", health_interval: 30, health_timeout: 5 } as const;
  const defaults = { health_retries: 3, health_options: {}, port: null, container_id: null, agent: null, tags: [] };
  const rest = { capabilities: [], metadata: {}, depends_on: [], enabled: true, service_type: "worker" } as const;
  const entry = manifestEntry({ ...first, ...probed, ...defaults, ...rest, capabilities: [], depends_on: [] });
  expect(entry).toEqual({ name: "one", health_method: "heartbeat" });
});
