import { describe, expect, it } from "vitest";
import { failedAssertion, type JsonAssertion } from "../../../src/core/service/json-assertions.ts";
import { MAX_STEPS, pathError, select } from "../../../src/core/values/json-path.ts";

const DOCUMENT = {
  status: "ok",
  count: 3,
  ready: true,
  gone: null,
  tags: ["a", "b"],
  parts: [
    { name: "db", ms: 4 },
    { name: "cache", ms: 9 },
  ],
};

describe("assertions that hold", () => {
  it.each<[string, JsonAssertion["op"], JsonAssertion["value"]]>([
    ["$.status", "==", "ok"],
    ["$.status", "!=", "down"],
    ["$.ready", "==", true],
    ["$.gone", "==", null],
    ["$.gone", "==", undefined],
    ["$.gone", "exists", undefined],
    ["$.nowhere", "exists", false],
    ["$.count", "<", 4],
    ["$.count", "<=", 3],
    ["$.count", ">", 2],
    ["$.count", ">=", 3],
    ["$.status", ">", "a"],
    ["$.status", "<=", "ok"],
    ["$.status", "contains", "k"],
    ["$.tags", "contains", "b"],
    ["$.parts[0]", "contains", "name"],
    ["$.parts[*].ms", "<", 10],
    ["$.parts[?@.name == 'db'].ms", "==", 4],
    ["$.tags.length", "exists", false],
  ])("%s %s %s", (path, op, value) => {
    expect(failedAssertion(DOCUMENT, [{ path, op, ...(value === undefined ? {} : { value }) }])).toBeNull();
  });
});

describe("assertions that fail say what was found", () => {
  it.each<[string, JsonAssertion["op"], JsonAssertion["value"], string]>([
    ["$.status", "==", "up", '$.status is "ok", expected == "up"'],
    ["$.status", "!=", "ok", '$.status is "ok", expected != "ok"'],
    ["$.count", "==", "3", '$.count is 3, expected == "3"'],
    ["$.count", ">", 3, "$.count is 3, expected > 3"],
    ["$.status", "<", 5, '$.status is "ok", expected < 5'],
    ["$.status", "<", "a", '$.status is "ok", expected < "a"'],
    ["$.ready", ">", 0, "$.ready is true, expected > 0"],
    ["$.parts[*].ms", "<", 5, "$.parts[*].ms is 9, expected < 5"],
    ["$.nowhere", "==", 1, "$.nowhere is absent"],
    ["$.nowhere", "!=", 1, "$.nowhere is absent"],
    ["$.nowhere", "exists", undefined, "$.nowhere is absent"],
    ["$.status", "exists", false, "$.status is there"],
    ["$.tags", "contains", "c", '$.tags is ["a","b"], expected contains "c"'],
    ["$.count", "contains", 3, "$.count is 3, expected contains 3"],
    ["$.gone", "contains", "x", '$.gone is null, expected contains "x"'],
  ])("%s %s %s", (path, op, value, message) => {
    expect(failedAssertion(DOCUMENT, [{ path, op, ...(value === undefined ? {} : { value }) }])).toBe(message);
  });

  it("cuts what is long", () => {
    const message = failedAssertion({ text: "x".repeat(500) }, [{ path: "$.text", op: "==", value: "y" }]);
    expect(message?.length).toBeLessThan(100);
  });

  it("names the first of several", () => {
    const message = failedAssertion(DOCUMENT, [
      { path: "$.status", op: "exists" },
      { path: "$.count", op: "==", value: 1 },
      { path: "$.count", op: "==", value: 2 },
    ]);
    expect(message).toBe("$.count is 3, expected == 1");
  });
});

describe("a path", () => {
  it("that is malformed is named with its fault", () => {
    expect(pathError("$.status")).toBeNull();
    expect(pathError("status")).toMatch(/expected '\$'/);
    expect(failedAssertion({}, [{ path: "$[", op: "exists" }])).toMatch(/^\$\[: /);
  });

  it("may not use regular expressions, which can run for ever", () => {
    expect(pathError("$[?match(@.a, '(a+)+b')]")).toContain("match");
    expect(pathError("$[?search(@.a, '(a+)+b')]")).toContain("search");
  });

  it("that selects without end is cut off", () => {
    const many = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => 1));
    expect(failedAssertion(many, [{ path: "$..*", op: "exists" }])).toBeNull();
  });
});

describe("a document that asks for more than a hub can do fails", () => {
  const numbers = Array.from({ length: 20_000 }, (_, n) => n);
  const nested = (levels: number) => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  const STEPS = /: looking for it takes too many steps in this document$/;
  const NESTED = /: the document is nested too deeply to look for it everywhere$/;
  it.each<[string, unknown, RegExp]>([
    ["$[?$[?$[?@==0]]]", numbers, STEPS],
    ["$[?count($..*)>5]", numbers, STEPS],
    ["$..*..*..*..*..nowhere", { a: numbers, b: numbers }, STEPS],
    ["$..*", nested(100), NESTED],
    ["$..[?@..x]", nested(100), NESTED],
    ["$..*", nested(20_000), /^the JSON is nested deeper than 500 levels$/],
    ["$.status", { status: "ok", nested: nested(500_000) }, /^the JSON is nested deeper than 500 levels$/],
  ])("%s is given up soon", (path, document, words) => {
    expect(failedAssertion(document, [{ path, op: "exists" }])).toMatch(words);
  });

  it("unless it is only nested as deeply as can be judged and shown", () => {
    const document = { deep: nested(499) };
    expect(failedAssertion(document, [{ path: "$.deep", op: "exists" }])).toBeNull();
    expect(failedAssertion(document, [{ path: "$.deep", op: "==", value: 1 }])).toMatch(
      /^\$\.deep is \[\[.*…, expected == 1$/,
    );
  });

  it("has one budget for all assertions of a check", () => {
    const each: JsonAssertion = { path: "$[?@ == -1]", op: "exists", value: false };
    expect(failedAssertion(numbers, [each])).toBeNull();
    expect(failedAssertion(numbers, Array(10).fill(each))).toMatch(STEPS);
  });

  it("but for no ordinary one: a large document is looked through, and what is found is the document's own", () => {
    const rows = Array.from({ length: 5_000 }, (_, id) => ({ id, state: "ok", part: { ms: 4 } }));
    const budget = { steps: MAX_STEPS };
    expect(select({ rows }, "$.rows[?@.id == 4999].part", budget)).toEqual({ ok: true, value: [{ ms: 4 }] });
    const found = select({ rows }, "$.rows[7]", budget);
    expect(found.ok && found.value[0]).toBe(rows[7]);
    expect(budget.steps).toBeGreaterThan(MAX_STEPS / 2);
  });
});
