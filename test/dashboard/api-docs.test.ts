import { describe, expect, test } from "vitest";
import {
  type ApiDocument,
  accessOf,
  groupsOf,
  needsSignature,
  type Operation,
  type Schema,
  searchGroups,
} from "../../src/dashboard/model/api-docs.ts";
import { curlLine, exampleOf } from "../../src/dashboard/model/api-docs-curl.ts";
import { lineOf, type SchemaLine } from "../../src/dashboard/model/api-docs-schema.ts";
import { paragraphsOf, partsOf } from "../../src/dashboard/model/api-docs-text.ts";

const responses = { 200: { description: "Done" } };
const DOCUMENT: ApiDocument = {
  info: { title: "Hub", version: "1.0.0" },
  tags: [{ name: "services" }, { name: "hub to hub", description: "What hubs ask" }, { name: "empty" }],
  paths: {
    "/sync": { get: { operationId: "sync", tags: ["hub to hub"], summary: "Get changes", responses } },
    "/services": {
      get: {
        operationId: "listServices",
        tags: ["services"],
        parameters: [{ name: "cursor", in: "query" }],
        responses,
      },
      post: { operationId: "createService", tags: ["services"], description: "Makes a Service", responses },
    },
    "/untagged": { get: { operationId: "untagged", responses } },
  },
  components: {},
};

describe("groups", () => {
  const groups = groupsOf(DOCUMENT);
  const idsOf = (text: string) =>
    searchGroups(groups, text).flatMap(({ operations }) => operations.map(({ operationId }) => operationId));

  test("are in the order of the tags, without empty ones, and hold each operation once", () => {
    expect(
      groups.map(({ anchor, name, description, operations }) => [
        ...[anchor, name, description],
        operations.map(({ method, path }) => `${method} ${path}`),
      ]),
    ).toEqual([
      ["tag-services", "services", "", ["GET /services", "POST /services"]],
      ["tag-hub-to-hub", "hub to hub", "What hubs ask", ["GET /sync"]],
      ["tag-other", "other", "", ["GET /untagged"]],
    ]);
  });

  test.each([
    ["", ["listServices", "createService", "sync", "untagged"]],
    ["SERVICE makes", ["createService"]],
    ["cursor", ["listServices"]],
    [" get  changes", ["sync"]],
    ["hub to hub", ["sync"]],
    ["nothing", []],
  ])("are searched for %j", (text, ids) => {
    expect(idsOf(text)).toEqual(ids);
  });
});

test.each([
  [undefined, "Needs no key.", false],
  [[], "Needs no key.", false],
  [[{ bearer: ["read"] }], "Needs a key of the scope `read`.", false],
  [[{ bearer: ["write"] }, { bearer: ["agent"] }], "Needs a key of the scope `write` or `agent`.", false],
  [[{ signature: [] }], "Needs a request that is signed by a hub that this hub trusts.", true],
])("the access of %j is told", (security, sentence, signed) => {
  expect(accessOf(security)).toBe(sentence);
  expect(needsSignature(security)).toBe(signed);
});

describe("a text", () => {
  test("has paragraphs between empty lines", () => {
    expect(paragraphsOf("one\ntwo\n\n\nthree\n")).toEqual(["one two", "three"]);
    expect(paragraphsOf("")).toEqual([]);
  });

  test("has parts that are code or bold", () => {
    expect(partsOf("**Bold** and `a **b**`, 2 * 3")).toEqual([
      { kind: "bold", text: "Bold" },
      { kind: "plain", text: " and " },
      { kind: "code", text: "a **b**" },
      { kind: "plain", text: ", 2 * 3" },
    ]);
  });
});

const SCHEMAS: Record<string, Schema> = {
  Name: { type: "string", pattern: "^a`?$", maxLength: 9 },
  Node: {
    type: "object",
    properties: {
      name: { $ref: "#/components/schemas/Name" },
      kids: { type: "array", items: { $ref: "#/components/schemas/Node" } },
    },
    required: ["name"],
  },
  Loop: { $ref: "#/components/schemas/Loop" },
  Lists: { type: "array", items: { $ref: "#/components/schemas/Lists" } },
};
const named = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** Lines as text, so that a test shows them all. */
function textOf({ name, type, required, notes, description, lines }: SchemaLine): string[] {
  const own = [`${name}${required ? "*" : ""}: ${type}`, ...notes, ...(description === "" ? [] : [`"${description}"`])];
  return [own.join("; "), ...lines.flatMap(textOf).map((each) => `  ${each}`)];
}

describe("a schema", () => {
  const fieldOf = (schema: Schema) =>
    textOf(lineOf({ type: "object", properties: { field: schema } }, SCHEMAS)).slice(1);

  test.each<[string, Schema, string]>([
    ["a reference", named("Name"), "Name; at most 9 characters; pattern `^a`?$`"],
    [
      "a list",
      { type: "array", items: named("Name"), maxItems: 3 },
      "array of Name; at most 3 entries; each at most 9 characters; each pattern `^a`?$`",
    ],
    ["a list or null", { type: ["array", "null"], items: { type: "string" } }, "array of string or null"],
    ["values", { type: "string", enum: ["a", ""], default: "a" }, 'string; one of `a`, `""`; default `a`'],
    ["limits", { type: "integer", minimum: 1, maximum: 5 }, "integer; 1 to 5"],
    ["one size", { type: "string", minLength: 2, maxLength: 2, format: "uuid" }, "string; format `uuid`; 2 characters"],
    ["open limits", { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 }, "number; more than 0; less than 1"],
    ["a least value", { type: "number", minimum: 0, description: "Seconds" }, 'number; at least 0; "Seconds"'],
    ["types", { anyOf: [{ type: "string" }, { type: "null" }, { type: "string" }] }, "string or null"],
    ["a constant", { const: null }, "any value; always `null`"],
    ["anything", {}, "any value"],
    ["nothing known", named("Nowhere"), "Nowhere"],
    ["a name of itself", named("Loop"), "Loop"],
    ["a list of itself", named("Lists"), "Lists"],
  ])("of %s is one line", (_, schema, text) => {
    expect(fieldOf(schema)).toEqual([`  field: ${text}`]);
  });

  test("has the lines of what is in it, and ends where it begins anew", () => {
    expect(textOf(lineOf(named("Node"), SCHEMAS))).toEqual([
      "*: Node",
      "  name*: Name; at most 9 characters; pattern `^a`?$`",
      "  kids: array of Node; as above",
    ]);
  });

  test("that is made of others has the fields of all", () => {
    const extra: Schema = { type: "object", properties: { key: { type: "string" } }, required: ["key"] };
    expect(textOf(lineOf({ allOf: [named("Node"), extra], description: "Both" }, SCHEMAS))).toEqual([
      '*: Node and object; "Both"',
      "  name*: Name; at most 9 characters; pattern `^a`?$`",
      "  kids: array of Node",
      "    name*: Name; at most 9 characters; pattern `^a`?$`",
      "    kids: array of Node; as above",
      "  key*: string",
    ]);
  });

  test("names entries, variants and fields of any name", () => {
    expect(fieldOf({ type: "array", prefixItems: [{ type: "integer" }, named("Name")] })).toEqual([
      "  field: array",
      "    entry 1*: integer",
      "    entry 2*: Name; at most 9 characters; pattern `^a`?$`",
    ]);
    expect(fieldOf({ type: "object", additionalProperties: { oneOf: [{ type: "null" }, named("Name")] } })).toEqual([
      "  field: object",
      "    any name: null or Name",
      "      variant 1: null",
      "      variant 2: Name; at most 9 characters; pattern `^a`?$`",
    ]);
  });

  test("ends at some depth", () => {
    const deep = Array.from({ length: 50 }).reduce<Schema>((inner) => ({ properties: { in: inner } }), {});
    expect(textOf(lineOf(deep, {})).length).toBeLessThan(20);
  });
});

describe("the command", () => {
  const operation: Operation = { operationId: "call", method: "GET", path: "/api/a/{id}/{some_name}", responses };
  const curl = (change: Partial<Operation>) => curlLine({ ...operation, ...change }, SCHEMAS, "https://hub");

  test("has what is needed and nothing else", () => {
    expect(curl({})).toBe("curl 'https://hub/api/a/ID/SOME_NAME'");
    expect(
      curl({
        security: [{ bearer: ["read"] }],
        parameters: [
          { name: "from", in: "query", required: true },
          { name: "to", in: "query" },
          { name: "if-match", in: "header", required: true },
        ],
      }),
    ).toBe("curl -H 'Authorization: Bearer KEY' -H 'if-match: IF_MATCH' 'https://hub/api/a/ID/SOME_NAME?from=FROM'");
  });

  test("has a body, quoted for a shell", () => {
    const schema: Schema = { type: "object", properties: { a: { const: "it's" } }, required: ["a"] };
    expect(curl({ method: "PUT", path: "/", requestBody: { content: { "application/json": { schema } } } })).toBe(
      `curl -X PUT -H 'Content-Type: application/json' -d '{"a":"it'\\''s"}' 'https://hub/'`,
    );
  });

  test("is none where only hubs can ask", () => {
    expect(curl({ security: [{ signature: [] }] })).toBeNull();
  });

  test.each<[Schema, unknown]>([
    [named("Node"), { name: "NAME" }],
    [{ type: "array", items: named("Node") }, [{ name: "NAME" }]],
    [{ type: "array" }, []],
    [{ type: "integer", minimum: 5 }, 5],
    [{ type: ["number", "null"] }, 1],
    [{ type: "boolean" }, true],
    [{ type: "null" }, null],
    [{ type: "string", enum: ["a", "b"] }, "a"],
    [{ type: "string", default: "c" }, "c"],
    [{ anyOf: [{ type: "boolean" }, { type: "string" }] }, true],
  ])("has as an example of %j: %j", (schema, example) => {
    expect(exampleOf(schema, SCHEMAS)).toEqual(example);
  });
});
