/** What the hub knows of a method comes from its definition; each test compares one place with the definitions. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { AGENT_PROBES } from "../../../src/agent/agent-probes.ts";
import { agentTaskSchema } from "../../../src/core/agent/agent-task.ts";
import {
  HEALTH_METHODS,
  inWords,
  METHODS,
  methodOf,
  methodsWith,
  OPTION_NAMES,
  OPTIONS,
  PROBED_METHODS,
  secureScheme,
  TARGET_FORMS,
  TARGETED_METHODS,
} from "../../../src/core/methods/index.ts";
import type { Method, Option } from "../../../src/core/methods/method.ts";
import { optionErrors } from "../../../src/core/service/option-rules.ts";
import { healthOptionsSchema } from "../../../src/core/service/options.ts";
import { serviceSchema } from "../../../src/core/service/registration.ts";
import { SERVICE_FIELDS } from "../../../src/core/service/service-definition.ts";
import { parseService } from "../../../src/core/service/service-rules.ts";
import { guessPort, guessServiceType, parseTarget } from "../../../src/core/service/target.ts";
import { optionsOf } from "../../../src/dashboard/model/option-help.ts";
import { PROBES, probeOf } from "../../../src/probes/probes.ts";
import { aCheck } from "../fixtures.ts";

const all: readonly Method[] = METHODS;
const optionsOfAll = all.flatMap(({ name, options }) =>
  Object.entries(options).map(([option, definition]) => ({ method: name, option, definition })),
);
const rules = { allowPrivate: true, mayReceive: () => true };
const documented = z.toJSONSchema(healthOptionsSchema, { io: "input" }).$defs?.HealthOptions?.properties ?? {};

/** A registration of the method that breaks no rule. */
function bodyOf({ name, target, runner, options }: Method, health_options: object = {}) {
  const needed = "command" in options ? { command: "check-disk" } : {};
  return serviceSchema.parse({
    name: "a",
    health_method: name,
    health_url: target?.example ?? "",
    agent: runner === "agent" ? "dc-1" : null,
    health_options: { ...needed, ...health_options },
  });
}

describe("the name of a method", () => {
  test("is one that registrations take, in the order of the list", () => {
    expect(SERVICE_FIELDS.health_method.schema.options).toEqual(all.map(({ name }) => name));
    expect(HEALTH_METHODS).toHaveLength(new Set(HEALTH_METHODS).size);
    expect(serviceSchema.safeParse({ name: "a", health_method: "icmp" }).success).toBe(false);
  });

  test.each(all.map((method) => [method.name, method] as const))(
    "%s registers with its own example",
    (_name, method) => {
      const parsed = parseService(bodyOf(method), rules);
      expect(parsed.ok ? [] : parsed.error).toEqual([]);
      expect(method.checks).toMatch(/^[A-Z].+\.$/);
    },
  );
});

describe("an option of a method", () => {
  test("is in the schema, in the API's document and in the form, and nothing else is", () => {
    const names = [...new Set(optionsOfAll.map(({ option }) => option))].toSorted();
    expect(Object.keys(healthOptionsSchema.shape).toSorted()).toEqual(names);
    expect(Object.keys(documented).toSorted()).toEqual(names);
    const inForms = HEALTH_METHODS.flatMap((method) => optionsOf(method).map(({ name }) => String(name)));
    expect([...new Set(inForms)].toSorted()).toEqual(names);
  });

  test.each(optionsOfAll.map((each) => [each.method, each.option, each.definition] as const))(
    "%s: %s has one definition, a meaning, and an example that fits its schema and its input",
    (_method, option, definition) => {
      expect(Object.is(new Map<string, Option>(Object.entries(OPTIONS)).get(option), definition)).toBe(true);
      expect(definition.meaning).toMatch(/^[A-Z].+\.$/);
      expect(definition.schema.parse(definition.example)).toEqual(definition.example);
      expect(inputOf(definition.example, definition)).toEqual(definition.input);
      expect(healthOptionsSchema.safeParse({ [option]: definition.example }).success).toBe(true);
    },
  );

  test("is described with the methods that have it", () => {
    const described = OPTION_NAMES.filter((name) => OPTIONS[name].says !== undefined);
    expect(described.length).toBeGreaterThan(5);
    for (const name of described) {
      const owners = all.filter(({ options }) => Object.hasOwn(options, name)).map((method) => method.name);
      expect(healthOptionsSchema.shape[name].unwrap().description).toBe(`${owners.join(", ")}: ${OPTIONS[name].says}`);
    }
    expect(methodsWith("password").slice(0, 2)).toEqual(["redis", "postgres"]);
  });

  test.each(all.map((method) => [method.name, method] as const))(
    "is refused by %s when it is another's",
    (name, method) => {
      const foreign = OPTION_NAMES.filter((option) => !Object.hasOwn(method.options, option));
      expect(foreign.length).toBeGreaterThan(0);
      for (const option of foreign) {
        const body = bodyOf(method, { [option]: OPTIONS[option].example });
        const parsed = parseService(body, rules);
        expect(parsed.ok ? [] : parsed.error).toContainEqual({
          path: `health_options.${option}`,
          message: `does not apply to the method ${name}`,
        });
      }
    },
  );

  test("is refused when no method has it, even one that every object has", () => {
    for (const name of ["nothing_such", "constructor", "toString"]) {
      const body = { name: "a", health_method: "http", health_url: "http://a/", health_options: { [name]: 1 } };
      expect(serviceSchema.safeParse(body).success).toBe(false);
    }
  });

  test("of containers is for those that an agent looks at in a container", () => {
    const given = { health_options: { degraded_above_cpu: 90 } };
    const refused = { path: "health_options.degraded_above_cpu", message: "applies only to a service in a container" };
    expect(optionErrors(aCheck(given))).toContainEqual(refused);
    expect(optionErrors({ ...aCheck(given), agent: "dc-1", container_id: "c" })).toEqual([]);
    expect(optionErrors({ ...aCheck(given), agent: "dc-1", container_id: null })).toContainEqual(refused);
    expect(optionErrors({ ...aCheck(given), health_method: "container", agent: "dc-1", container_id: null })).toEqual(
      [],
    );
  });
});

/** The input that takes the value of the example. */
function inputOf(value: unknown, { schema }: Option): Option["input"] {
  if (schema instanceof z.ZodEnum) return schema.options.map(String);
  if (typeof value === "boolean") return "flag";
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "text" : "json";
}

describe("a method that is probed", () => {
  const probed = all.filter(({ runner }) => runner === "hub");

  test("has a probe and a target, and is what a hub asks of an agent; no other is", () => {
    const names = probed.map(({ name }) => name);
    expect(PROBED_METHODS).toEqual(names);
    expect(Object.keys(PROBES).toSorted()).toEqual(names.toSorted());
    expect(agentTaskSchema.shape.checks.element.shape.health_method.options).toEqual(names);
    for (const { target } of probed) expect(target).not.toBeNull();
  });

  test("by agents only has a target, and a probe there that the hub has not", () => {
    const ofAgents = all.filter(({ runner, target }) => runner === "agent" && target !== null).map(({ name }) => name);
    expect(Object.keys(AGENT_PROBES)).toEqual(ofAgents);
    expect(TARGETED_METHODS.toSorted()).toEqual([...PROBED_METHODS, ...ofAgents].toSorted());
    for (const name of TARGETED_METHODS) {
      expect(probeOf(name, { ownProbes: AGENT_PROBES })).not.toBeNull();
      expect(probeOf(name, {}) === null).toBe(ofAgents.includes(name));
    }
    expect(probeOf("exec", { ownProbes: AGENT_PROBES })).toBeNull();
  });

  test.each(
    TARGETED_METHODS.flatMap((name) => Object.entries(TARGET_FORMS[name].schemes).map((of) => [name, ...of] as const)),
  )("%s takes %s:// with its port and TLS", (name, scheme, { tls, port }) => {
    const withPort = parseTarget(name, `${scheme}://a.example.com:1234`, { allowPrivate: false });
    expect(withPort).toMatchObject({ ok: true, value: { host: "a.example.com", port: 1234, tls } });
    expect(guessPort(name, `${scheme}://a.example.com`)).toBe(port);
  });

  test("names its scheme over TLS, if it has one", () => {
    const names = ["http", "tcp", "websocket", "redis", "postgres"] as const;
    expect(names.map(secureScheme)).toEqual(["https", "tls", "wss", "rediss", null]);
  });

  test.each(TARGETED_METHODS.map((name) => [name]))("%s refuses other schemes by its own words", (name) => {
    const refused = parseTarget(name, "gopher://a.example.com:70", { allowPrivate: false });
    expect(refused).toEqual({ ok: false, error: TARGET_FORMS[name].expected });
    expect(parseService(serviceSchema.parse({ name: "a", health_method: name, agent: "dc-1" }), rules)).toEqual({
      ok: false,
      error: [{ path: "health_url", message: `needed for ${name}` }],
    });
  });
});

test("a method that only agents run needs an agent", () => {
  const ofAgents = all.filter(({ runner }) => runner === "agent");
  expect(ofAgents.map(({ name }) => name)).toEqual(["tls", "exec", "container"]);
  for (const method of ofAgents) {
    const parsed = parseService({ ...bodyOf(method), agent: null }, rules);
    expect(parsed).toEqual({ ok: false, error: [{ path: "agent", message: `needed for ${method.name}` }] });
  }
});

test("the API's document says which methods need no target and which need an agent", () => {
  const quoted = (names: string[]) =>
    inWords(
      names.map((name) => `\`${name}\``),
      "and",
    );
  const { health_url, agent } = SERVICE_FIELDS;
  const withoutTarget = HEALTH_METHODS.filter((name) => methodOf(name).target === null);
  for (const name of withoutTarget) expect(health_url.schema.description).toContain(`\`${name}\``);
  expect(health_url.schema.description).not.toContain("`http`");
  expect(agent.schema.description).toContain(
    quoted(HEALTH_METHODS.filter((name) => methodOf(name).runner === "agent")),
  );
});

test.each([
  ["http", "web"],
  ["tcp", "queue"],
  ["websocket", "api"],
  ["redis", "cache"],
  ["postgres", "database"],
  ["dns", "other"],
  ["tls", "web"],
  ["exec", "other"],
  ["container", "other"],
  ["heartbeat", "worker"],
] as const)("a service that %s checks is guessed to be of the type %s", (name, type) => {
  expect(guessServiceType(name, methodOf(name).target?.example ?? "")).toBe(type);
});
