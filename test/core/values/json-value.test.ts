import fc from "fast-check";
import { expect, test } from "vitest";
import { equalJson } from "../../../src/core/service/manifest-plan.ts";
import { projectInputSchema, serviceSchema } from "../../../src/core/service/registration.ts";
import { depthWithin, jsonFault } from "../../../src/core/values/json-value.ts";

test.each([
  ["an infinite number", { a: [1, Number.POSITIVE_INFINITY] }, ["a", 1]],
  ["no number", { a: Number.NaN }, ["a"]],
  ["1e500, which is infinite once it is read", JSON.parse('{"a":1e500}'), ["a"]],
  ["a whole number that is rounded", JSON.parse('{"a":12345678901234567890}'), ["a"]],
  ["one of so many digits that it has an exponent", JSON.parse('{"a":-1234567890123456789012}'), ["a"]],
  ["a time", { a: new Date(0) }, ["a"]],
  ["a set", { a: new Set() }, ["a"]],
  ["an ordered map", { a: new Map() }, ["a"]],
  ["binary data", { a: new Uint8Array(2) }, ["a"]],
  ["a bigint", { a: 1n }, ["a"]],
  ["nothing in a list", { a: [undefined] }, ["a", 0]],
  ["half of a character", { a: "x\ud800" }, ["a"]],
  ["half of a character in a key", { "\udc00": 1 }, ["\udc00"]],
  ["a key that JavaScript keeps for itself", JSON.parse('{"a":{"__proto__":1}}'), ["a", "__proto__"]],
])("JSON does not keep %s, and where it is is said", (_, value, path) => {
  expect(jsonFault(value)).toMatchObject({ path });
});

test.each([1e21, 5e300, -1.25e22, 6.02214076e23])("a large number of few digits is kept: %d", (value) => {
  expect(jsonFault({ value })).toBeNull();
});

test("depth is measured without overflowing the stack", () => {
  expect(depthWithin([[1]], 2)).toBe(true);
  expect(depthWithin([[[1]]], 2)).toBe(false);
  expect(depthWithin(JSON.parse("[".repeat(500_000) + "]".repeat(500_000)), 2)).toBe(false);
});

test("nesting without an end is refused", () => {
  expect(jsonFault(JSON.parse("[".repeat(100_000) + "]".repeat(100_000)))?.message).toContain("nested deeper");
});

test("a value without a fault is equal to what JSON makes of it, whatever it is", () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      if (jsonFault(value) === null) expect(equalJson(JSON.parse(JSON.stringify(value)), value)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

test("everything that JSON can write is taken, but for rounded numbers and reserved keys", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      const isOdd = text.includes("__proto__") || /\d\.?\d{15}/.test(text) || /\\ud[89a-f]/i.test(text);
      if (!isOdd) expect(jsonFault(value)).toBeNull();
    }),
  );
});

const base = { name: "a", health_method: "http", health_url: "https://a.example.com" };
test.each([
  ["metadata", { metadata: { a: { b: Number.NaN } } }, "metadata.a.b"],
  ["metadata with a reserved key", { metadata: JSON.parse('{"__proto__":1}') }, "metadata.__proto__"],
  ["options", { health_options: { headers: JSON.parse('{"__proto__":"x"}') } }, "health_options.headers.__proto__"],
  [
    "an expected value",
    { health_options: { json: [{ path: "$.a", op: "==", value: 1e300 * 1e300 }] } },
    "health_options.json.0.value",
  ],
  ["the text of a request", { health_options: { method: "POST", body: "\ud800" } }, "health_options.body"],
  ["a target", { health_url: "https://a.example.com/\ud800" }, "health_url"],
  ["a tag", { tags: ["\ud800"] }, "tags.0"],
])("%s that JSON can't keep is refused where it is", (_, given, path) => {
  const paths = serviceSchema.safeParse({ ...base, ...given }).error?.issues.map((issue) => issue.path.join("."));
  expect(paths).toEqual([path]);
});

test("a project's metadata keeps the same rule", () => {
  expect(projectInputSchema.safeParse({ name: "p", metadata: { a: 1n } }).success).toBe(false);
  expect(projectInputSchema.parse({ name: "p", metadata: { a: [null, { b: "ü" }] } }).metadata).toEqual({
    a: [null, { b: "ü" }],
  });
  expect(projectInputSchema.parse({ name: "p" })).toEqual({ name: "p" });
});
