import { expect, test } from "vitest";
import { HEALTH_METHODS } from "../../src/core/methods/index.ts";
import { healthOptionsSchema } from "../../src/core/service/options.ts";
import { optionsOf, withOption } from "../../src/dashboard/model/option-help.ts";

const all = HEALTH_METHODS.flatMap((method) => optionsOf(method));

test("every option of the hub is explained, with an example that the hub takes", () => {
  const json = JSON.parse(JSON.stringify(Object.fromEntries(all.map(({ name, example }) => [name, example]))));
  expect(healthOptionsSchema.safeParse(json).error).toBeUndefined();
  expect(Object.keys(json).toSorted()).toEqual(Object.keys(healthOptionsSchema.shape).toSorted());
});

test("a method has its own options only", () => {
  expect(optionsOf("tcp").map(({ name }) => name)).toEqual(["degraded_above_ms", "tls", "send", "expect", "steps"]);
});

test("an option is added with its example, once, and never to what is no JSON", () => {
  const [first] = optionsOf("container");
  if (first === undefined) throw new Error("there is none");
  expect(withOption("", first)).toBe('{\n  "degraded_above_ms": 500\n}');
  expect(withOption('{"grace": 5}', first)).toBe('{\n  "grace": 5,\n  "degraded_above_ms": 500\n}');
  expect(withOption('{"degraded_above_ms": 1}', first)).toBeNull();
  expect(withOption("{", first)).toBeNull();
});
