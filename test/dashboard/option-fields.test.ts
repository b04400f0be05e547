import { describe, expect, test } from "vitest";
import { HEALTH_METHODS, type HealthMethod, OPTION_NAMES, OPTIONS } from "../../src/core/methods/index.ts";
import type { HealthOptions } from "../../src/core/service/options.ts";
import {
  type Checked,
  draftOf,
  kindOf,
  NO_OPTIONS,
  type OptionsDraft,
  readOptions,
  switched,
} from "../../src/dashboard/model/option-draft.ts";
import { optionFields } from "../../src/dashboard/model/option-fields.ts";
import { type Draft, type OptionKind, shapeOf } from "../../src/dashboard/model/option-shapes.ts";

const checked = (health_method: HealthMethod, over: Partial<Checked> = {}): Checked => ({
  health_method,
  agent: "",
  container: null,
  ...over,
});

const inContainer = (method: HealthMethod) => checked(method, { agent: "dc-1", container: "c" });
const namesOf = (check: Checked) => optionFields(check).map(({ name }) => name);

/** Switches, and expects that this is possible. */
function turned(draft: OptionsDraft, check: Checked): OptionsDraft {
  const made = switched(draft, check);
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

describe("the options of a check", () => {
  test.each(HEALTH_METHODS)("by %s are the same after they were fields, and JSON, and fields again", (method) => {
    const check = inContainer(method);
    const options = Object.fromEntries(namesOf(check).map((name) => [name, OPTIONS[name].example]));
    const fields = draftOf(options);
    expect(fields.as).toBe("fields");
    const json = turned(fields, check);
    expect(json.as).toBe("json");
    for (const draft of [fields, json, turned(json, check)]) {
      expect(readOptions(draft, check)).toEqual({ options, errors: [], leftOut: [] });
    }
  });

  test.each([
    ["an empty text", { send: "" }],
    ["a code as a text", { expected_status: ["200"] }],
    ["an empty list", { json: [] }],
    ["a text of two lines", { body_contains: "a\r\nb" }],
    ["an operator that is none", { json: [{ path: "$", op: "~", value: 1 }] }],
    ["an option that no method has", { color: "red" }],
  ])("stay JSON with %s, which no field can hold", (_name, options) => {
    const stored = options as HealthOptions; // as an older hub may have stored them
    const draft = draftOf(stored);
    expect(draft.as).toBe("json");
    expect(switched(draft, checked("http")).ok).toBe(false);
  });

  test("stay JSON while that is none", () => {
    const text = '{"expected_status": [200]';
    expect(switched({ as: "json", text }, checked("http"))).toEqual({ ok: false, error: "expected a JSON object" });
    expect(readOptions({ as: "json", text }, checked("http")).errors).toEqual([
      { path: "health_options", message: "expected a JSON object" },
    ]);
  });

  test("stay fields while one of them can't be read", () => {
    const draft: OptionsDraft = { as: "fields", drafts: { degraded_above_ms: "soon", body_contains: "ok" } };
    expect(switched(draft, checked("http"))).toEqual({ ok: false, error: "degraded_above_ms: expected a number" });
    expect(readOptions(draft, checked("http"))).toEqual({
      options: { body_contains: "ok" },
      errors: [{ path: "health_options.degraded_above_ms", message: "expected a number" }],
      leftOut: [],
    });
  });

  test("that the method lacks are left out and named, and come back with their method", () => {
    const draft: OptionsDraft = { as: "fields", drafts: { body_contains: "ok", degraded_above_ms: "5" } };
    expect(readOptions(draft, checked("tcp"))).toEqual({
      options: { degraded_above_ms: 5 },
      errors: [],
      leftOut: ["body_contains"],
    });
    expect(readOptions(turned(draft, checked("tcp")), checked("tcp")).leftOut).toEqual(["body_contains"]);
    expect(readOptions(draft, checked("http")).leftOut).toEqual([]);
  });

  test("are none when every field is empty", () => {
    expect(draftOf({})).toEqual(NO_OPTIONS);
    const drafts = { expected_status: " ", json: [{ path: "", op: "==", value: "" }], send: "" };
    expect(readOptions({ as: "fields", drafts }, checked("http")).options).toEqual({});
    expect(turned({ as: "fields", drafts }, checked("http"))).toEqual({ as: "json", text: "" });
  });
});

describe("a form", () => {
  test("shows the most used options first and only those of the method", () => {
    const fields = optionFields(checked("http"));
    expect(fields[0]?.name).toBe("expected_status");
    expect(fields.findLastIndex(({ isFrequent }) => isFrequent)).toBe(
      fields.findIndex(({ isFrequent }) => !isFrequent) - 1,
    );
    expect(namesOf(checked("heartbeat"))).toEqual(["grace"]);
  });

  test("asks about a container where the service is in one", () => {
    const asks = (check: Checked) => namesOf(check).includes("degraded_above_cpu");
    expect(asks(checked("container"))).toBe(true);
    expect(asks(inContainer("http"))).toBe(true);
    expect(asks(checked("http", { container: "c" }))).toBe(false);
    expect(asks(checked("http", { agent: "dc-1" }))).toBe(false);
    expect(asks(inContainer("heartbeat"))).toBe(false);
  });

  test("labels each option in its own words", () => {
    const fields = optionFields(inContainer("http"));
    expect(new Set(fields.map(({ label }) => label)).size).toBe(fields.length);
    for (const { label } of fields) expect(label).toMatch(/^[A-Z][^_]+$/);
  });

  test("shows how each option is written", () => {
    const hintOf = (wanted: string) => optionFields(checked("tcp")).find(({ name }) => name === wanted)?.hint;
    expect(hintOf("send")).toMatch(/For example PING\\r\\n$/);
    expect(hintOf("steps")).toContain('For example [{"expect":"220 "');
  });

  test("writes JSON only for what has no simpler input", () => {
    expect(OPTION_NAMES.filter((name) => kindOf(name) === "json")).toEqual(["steps"]);
    expect(kindOf("answers")).toBe("lines");
    expect(kindOf("record_type")).toBe("choice");
  });
});

describe("an input", () => {
  const json: Draft = [
    { path: "$.status", op: "==", value: "ok" },
    { path: "$.n", op: ">", value: "5" },
    { path: "$.version", op: "!=", value: '"5"' },
    { path: "$.error", op: "exists", value: "false" },
    { path: "$.there", op: "exists", value: "" },
    { path: "$.gone", op: "==", value: "null" },
  ];
  const conditions = [
    { path: "$.status", op: "==", value: "ok" },
    { path: "$.n", op: ">", value: 5 },
    { path: "$.version", op: "!=", value: "5" },
    { path: "$.error", op: "exists", value: false },
    { path: "$.there", op: "exists" },
    { path: "$.gone", op: "==", value: null },
  ];

  test.each<[OptionKind, Draft, unknown]>([
    ["number", "0.5", 0.5],
    ["flag", "false", false],
    ["choice", "HEAD", "HEAD"],
    ["text", " ok ", " ok "],
    ["paragraph", "a\nb", "a\nb"],
    ["escaped", "PING\\r\\n", "PING\r\n"],
    ["escaped", "a\\\\n", "a\\n"],
    ["statuses", "200, 301, 200-299", [200, 301, "200-299"]],
    ["headers", "accept: text/html\nhost: a:80", { accept: "text/html", host: "a:80" }],
    ["lines", "192.0.2.1\n192.0.2.2", ["192.0.2.1", "192.0.2.2"]],
    ["json", "[\n  1\n]", [1]],
    ["conditions", json, conditions],
  ])("for %s reads %j, and writes it so", (kind, draft, value) => {
    expect(shapeOf(kind).read(draft)).toEqual({ ok: true, value });
    expect(shapeOf(kind).write(value)).toEqual(draft);
  });

  test.each<[OptionKind, Draft, RegExp]>([
    ["number", "5 s", /number/],
    ["statuses", "200, ok", /200-299/],
    ["headers", "accept", /instead of "accept"/],
    ["headers", "a: 1\na: 2", /a is given twice/],
    ["json", "{", /JSON/],
    ["conditions", [{ path: "", op: "==", value: "1" }], /no\. 1: a path is missing/],
  ])("for %s says what is wrong with %j", (kind, draft, error) => {
    expect(shapeOf(kind).read(draft)).toEqual({ ok: false, error: expect.stringMatching(error) });
  });

  test("leaves a backslash that begins nothing as it is", () => {
    expect(shapeOf("escaped").read("\\d")).toEqual({ ok: true, value: "\\d" });
  });
});
