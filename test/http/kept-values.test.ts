/** What a manifest says is what the registry keeps: whoever applies it again has nothing to do. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonFault } from "../../src/core/values/json-value.ts";
import { addProject } from "../store/fixtures.ts";
import { testHub } from "./test-hub.ts";

const hub = await testHub();
const { id } = await addProject(hub.db, "kept");
const path = `/api/projects/${id}/manifest`;
const service = { name: "a", health_method: "http", health_url: "https://a.example.com/health" };
const MAX_BYTES = 4_000;

const key = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.nat(99).map(String),
  fc.constantFrom("", "toString", "a.b", "id"),
);
const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom<unknown>(null, true, false, -0, 1.0, 1e21, 5e-324, "1", "\u0000", "\u2028", "e\u0301"),
);
const { object: metadata } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("value"), { maxLength: 3 }), tie("object")),
  object: fc.dictionary(key, tie("value"), { maxKeys: 5, noNullPrototype: true }),
}));
const fits = (value: unknown) => jsonFault(value) === null && JSON.stringify(value).length < MAX_BYTES;

/** The same value with the keys of its objects in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([name, item]) => [name, reordered(item)]),
  );
}

const planOf = async (body: unknown) =>
  (await hub.call<{ plan: Record<string, unknown> }>("PUT", `${path}?dry_run=true`, 200, body)).plan;
const NOTHING = { create: [], update: [], delete: [], unchanged: 1 };

test("a plan of what was applied is empty, whatever the metadata and the options are", {
  timeout: 60_000,
}, async () => {
  const options = fc.record({ body_contains: fc.string({ minLength: 1, unit: "binary", maxLength: 30 }) });
  await fc.assert(
    fc.asyncProperty(metadata.filter(fits), options.filter(fits), async (data, health_options) => {
      const body = { services: [{ ...service, metadata: data, health_options }] };
      await hub.call("PUT", path, 200, body);
      expect(await planOf(body)).toEqual(NOTHING);
      expect(await planOf({ services: [{ ...service, metadata: reordered(data), health_options }] })).toEqual(NOTHING);
      const { services } = await hub.call<{ services: { metadata: unknown }[] }>("GET", "/api/services", 200);
      expect(services[0]?.metadata).toEqual(JSON.parse(JSON.stringify(data)));
    }),
    { numRuns: 60 },
  );
});

const yaml = (metadataLines: string) => `services:
  - name: a
    health_method: http
    health_url: https://a.example.com/health
    metadata:
${metadataLines}`;

test.each([
  ["a number without an end", "      x: { y: [1, .inf] }", "services[0].metadata.x.y[1]"],
  ["no number", "      x: .nan", "services[0].metadata.x"],
  ["a number that is too large", "      x: 1e500", "services[0].metadata.x"],
  ["a number that would be rounded", "      x: 12345678901234567890", "services[0].metadata.x"],
  ["a reserved key", "      __proto__: 1", "services[0].metadata.__proto__"],
])("YAML with %s is refused with its path", async (_, lines, where) => {
  const headers = { "content-type": "application/yaml" };
  const answer = await hub.request("PUT", path, yaml(lines), { headers });
  expect(answer.status).toBe(400);
  expect((await answer.json<{ errors: { path: string }[] }>()).errors.map((error) => error.path)).toEqual([where]);
});

test.each([
  ["a time", "      x: 2026-01-02"],
  ["binary data", "      x: !!binary aGk="],
  ["a set", "      x: !!set { a, b }"],
])("YAML 1.1 with %s is refused with its path", async (_, lines) => {
  const headers = { "content-type": "application/yaml" };
  const answer = await hub.request("PUT", path, `%YAML 1.1\n---\n${yaml(lines)}`, { headers });
  expect((await answer.json<{ errors: object[] }>()).errors).toMatchObject([{ path: "services[0].metadata.x" }]);
});

test.each([
  ["keys that are the same in JSON", "      1: a\n      '1': b", 'the key "1" is repeated (line 7)'],
  ["true and its text", "      true: a\n      'true': b", 'the key "true" is repeated (line 7)'],
  ["a key that is no text", "      ? { a: b }\n      : 1", "expected a text as a key (line 6)"],
])("YAML with %s is refused with its line", async (_, lines, words) => {
  const headers = { "content-type": "application/yaml" };
  const answer = await hub.request("PUT", path, yaml(lines), { headers });
  expect(answer.status).toBe(400);
  expect((await answer.json<{ detail: string }>()).detail).toContain(words);
});

test("a text that looks like a time stays the text that it is", async () => {
  const headers = { "content-type": "application/yaml" };
  const body = yaml("      x: 2026-01-02T03:04:05Z");
  expect((await hub.request("PUT", path, body, { headers })).status).toBe(200);
  const again = await hub.request("PUT", `${path}?dry_run=true`, body, { headers });
  expect(await again.json()).toMatchObject({ plan: NOTHING });
});

test.each(["POST", "PUT", "PATCH", "POST a project"])("%s refuses 1e500 in JSON and says where", async (way) => {
  const fields = `"health_method":"heartbeat","metadata":{"x":[1e500]}`;
  const [service_] = (await hub.call<{ services: { id: number }[] }>("GET", "/api/services", 200)).services;
  const [method, to, body] = {
    POST: ["POST", "/api/services", `{"name":"n","project":"kept",${fields}}`],
    PUT: ["PUT", "/api/projects/kept/services/n", `{${fields}}`],
    PATCH: ["PATCH", `/api/services/${service_?.id}`, `{"metadata":{"x":[1e500]}}`],
    "POST a project": ["POST", "/api/projects", `{"name":"n","metadata":{"x":[1e500]}}`],
  }[way] ?? ["", "", ""];
  const answer = await hub.request(method ?? "", to ?? "", body);
  expect(answer.status).toBe(400);
  expect((await answer.json<{ errors: object[] }>()).errors).toMatchObject([{ path: "metadata.x[0]" }]);
});
