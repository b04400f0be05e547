import { describe, expect, test } from "vitest";
import { errorAt, errorOf, optionsErrorOf } from "../../src/dashboard/model/field-errors.ts";
import { completions, unknownDependencies } from "../../src/dashboard/model/known-names.ts";
import type { OptionsDraft } from "../../src/dashboard/model/option-draft.ts";
import {
  bodyOf,
  duplicateOf,
  formOf,
  hasField,
  isChanged,
  NEW_SERVICE,
  type ServiceForm,
} from "../../src/dashboard/model/service-form.ts";
import { mistakesOf } from "../../src/dashboard/model/service-mistakes.ts";
import { aService } from "./rows.ts";

const filled = (over: Partial<ServiceForm> = {}): ServiceForm => ({
  ...NEW_SERVICE,
  project: "shop",
  name: "web",
  health_url: "http://localhost:8080",
  ...over,
});
const fields = (drafts: Extract<OptionsDraft, { as: "fields" }>["drafts"]): OptionsDraft => ({ as: "fields", drafts });
const pathsOf = (form: ServiceForm) => mistakesOf(form, true).map(({ path }) => path);

describe("a form of a service says", () => {
  test("nothing when all is right", () => {
    expect(mistakesOf(filled(), true)).toEqual([]);
    expect(mistakesOf(formOf(aService()), false)).toEqual([]);
  });

  test("everything that is missing", () => {
    expect(mistakesOf(NEW_SERVICE, true)).toEqual([
      { path: "project", message: "needed" },
      { path: "name", message: "needed" },
      { path: "health_url", message: "needed for http" },
    ]);
  });

  test("everything that is wrong in one round, by its own rules and the hub's", () => {
    const form = filled({
      project: "Shop!",
      name: "Web",
      health_url: "ftp://localhost",
      health_retries: "many",
      recover_after: "0",
      health_interval: "10",
      health_timeout: "10",
      depends_on: "a/b/c/d",
      health_options: fields({
        degraded_above_ms: "soon",
        method: "HEAD",
        body_contains: "ok",
        json: [{ path: "status", op: "==", value: "ok" }],
      }),
    });
    expect(pathsOf(form).toSorted()).toEqual([
      "depends_on[0]",
      "health_options.body_contains",
      "health_options.degraded_above_ms",
      "health_options.json",
      "health_options.json[0].path",
      "health_retries",
      "health_timeout",
      "health_url",
      "name",
      "project",
      "recover_after",
    ]);
  });

  test("only that the interval is wrong when the timeout can't be compared with it", () => {
    expect(pathsOf(filled({ health_interval: "soon", health_timeout: "40" }))).toEqual(["health_interval"]);
  });

  test("that JSON is none, and what else is wrong", () => {
    const form = filled({ health_options: { as: "json", text: "{" }, health_url: "" });
    expect(pathsOf(form)).toEqual(["health_url", "health_options"]);
  });

  test("that a check by an agent needs one", () => {
    expect(pathsOf(filled({ health_method: "container" }))).toEqual(["agent"]);
  });

  test("nothing about a container that the service is in", () => {
    const service = aService({ agent: "dc-1", container_id: "c", health_options: { degraded_above_cpu: 90 } });
    expect(mistakesOf(formOf(service), false)).toEqual([]);
    expect(bodyOf(formOf(service))).toMatchObject({ body: { health_options: { degraded_above_cpu: 90 } } });
    expect(bodyOf(duplicateOf(service))).toMatchObject({ body: { health_options: {} } });
  });
});

describe("what a heartbeat does not use", () => {
  const heartbeat = filled({ health_method: "heartbeat", health_url: "" });

  test("has no field", () => {
    for (const path of ["health_url", "agent", "health_timeout", "health_retries", "health_options.headers"]) {
      expect(hasField(heartbeat, path), path).toBe(false);
      expect(hasField(filled(), path), path).toBe(true);
    }
    expect(hasField(heartbeat, "health_options.grace")).toBe(true);
    expect(hasField(heartbeat, "tags[3]")).toBe(true);
  });

  test("is never refused", () => {
    const left = { health_interval: "5", health_timeout: "9", health_retries: "many", agent: "No name!" };
    expect(mistakesOf({ ...heartbeat, ...left }, true)).toEqual([]);
    expect(bodyOf({ ...heartbeat, ...left })).toMatchObject({
      body: { health_timeout: 4, health_retries: 3, agent: null },
    });
  });

  test("stays as it was", () => {
    const service = aService({ health_method: "heartbeat", health_retries: 7, health_timeout: 29, agent: "dc-1" });
    expect(bodyOf(formOf(service))).toMatchObject({ body: { health_retries: 7, health_timeout: 29, agent: "dc-1" } });
  });
});

test("a form is changed by what it says, however it shows it", () => {
  const first = filled({ health_options: fields({ body_contains: "ok" }) });
  const asJson = { ...first, health_options: { as: "json", text: '{"body_contains": "ok"}' } } as const;
  expect(isChanged(first, first)).toBe(false);
  expect(isChanged(asJson, first)).toBe(false);
  expect(isChanged({ ...first, name: "api" }, first)).toBe(true);
  expect(isChanged({ ...first, health_options: fields({ body_contains: "no" }) }, first)).toBe(true);
  expect(isChanged({ ...first, health_options: { as: "json", text: "{" } }, first)).toBe(true);
});

describe("known names", () => {
  const known = ["shop/api", "shop/db", "billing/db", "db/main"];

  test("complete the last word of a list", () => {
    expect(completions("shop/api, db", known, true)).toEqual([
      "shop/api, db/main",
      "shop/api, billing/db",
      "shop/api, shop/db",
    ]);
  });

  test("are not offered twice, nor when they stand there", () => {
    expect(completions("shop/db ", known, true)).not.toContain("shop/db shop/db");
    expect(completions("shop/db", known, true)).toEqual([]);
  });

  test("complete the whole text of a field for one", () => {
    expect(completions("Sh", ["shop", "workshop", "billing"], false)).toEqual(["shop", "workshop"]);
    expect(
      completions(
        "",
        Array.from({ length: 99 }, (_, index) => `a${index}`),
        false,
      ),
    ).toHaveLength(50);
  });

  test("tell which dependencies are unknown, in the same project and others, on this hub", () => {
    const services = [aService({ name: "db" }), aService({ name: "api" })];
    const of = (depends_on: string) => unknownDependencies({ depends_on, project: "shop" }, services);
    expect(of("db, shop/api, hub/shop/x")).toEqual([]);
    expect(of("x, shop/x, billing/db")).toEqual(["shop/x", "billing/db"]);
  });
});

describe("below a field", () => {
  const errors = [
    { path: "depends_on[2]", message: "expected a name" },
    { path: "health_options.json[1].path", message: "expected $" },
    { path: "health_options.headers.x-a", message: "too long" },
  ];

  test("is what is wrong inside it, with its place", () => {
    expect(errorOf(errors, "depends_on")).toBe("expected a name");
    expect(errorAt(errors, "health_options.json")).toBe("no. 2, path: expected $");
    expect(errorAt(errors, "health_options.headers")).toBe("x-a: too long");
    expect(errorAt(errors, "health_options.head")).toBeUndefined();
  });

  test("of all options is all that is wrong with them", () => {
    expect(optionsErrorOf(errors)).toBe("json[1].path: expected $; headers.x-a: too long");
    expect(optionsErrorOf([])).toBeUndefined();
  });
});
