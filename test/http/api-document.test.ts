import { describe, expect, test } from "vitest";
import { testHub } from "./test-hub.ts";

interface Operation {
  operationId?: string;
  tags?: string[];
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
}

interface ApiDocument {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
}

const hub = await testHub();
const document = await hub.call<ApiDocument>("GET", "/openapi.json", 200);
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));

describe("a client that is generated from the API document", () => {
  test("has a method for each operation, named by a unique id in camelCase", () => {
    const ids = operations.map((operation) => operation.operationId);
    expect(ids).toContain("listServices");
    expect(ids.filter((id) => !/^[a-z]+([A-Z][a-z]+)*$/.test(id ?? ""))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("has a named type for each JSON response", () => {
    const bodies = operations.flatMap(({ operationId, responses }) =>
      Object.entries(responses).flatMap(([status, { content = {} }]) =>
        Object.entries(content).map(([type, { schema }]) => ({ operationId, status, type, name: schema.$ref })),
      ),
    );
    const unnamed = bodies.filter(({ type, name }) => type.endsWith("json") && name === undefined);
    expect(bodies).toContainEqual({
      operationId: "listServices",
      status: "200",
      type: "application/json",
      name: "#/components/schemas/ServicePage",
    });
    expect(unnamed).toEqual([]);
  });

  test("groups its methods by tags that are described", () => {
    const described = new Set(document.tags.map((tag) => tag.name));
    expect(operations.filter(({ tags = [] }) => tags.length !== 1)).toEqual([]);
    expect(new Set(operations.flatMap(({ tags = [] }) => tags))).toEqual(described);
  });
});
