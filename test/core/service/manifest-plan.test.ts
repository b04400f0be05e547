import { expect, test } from "vitest";
import { equalJson, matchesInput, planManifest } from "../../../src/core/service/manifest-plan.ts";
import { inputOf } from "../../../src/core/service/service-rules.ts";
import { aRow } from "../rows.ts";

test("a manifest creates what is new, updates what is other, deletes what it lacks and leaves the rest", () => {
  const existing = [aRow({ id: 1, name: "same" }), aRow({ id: 2, name: "other" }), aRow({ id: 3, name: "gone" })];
  const wanted = [
    inputOf(aRow({ name: "same" })),
    inputOf(aRow({ name: "other", health_interval: 60 })),
    inputOf(aRow({ name: "new" })),
  ];
  const plan = planManifest(existing, wanted);
  expect(plan.create.map((input) => input.name)).toEqual(["new"]);
  expect(plan.update.map(({ id }) => id)).toEqual([2]);
  expect(plan.delete).toEqual([3]);
  expect(plan.unchanged).toBe(1);
});

test("an empty manifest deletes every service", () => {
  expect(planManifest([aRow({ id: 1 })], [])).toEqual({ create: [], update: [], delete: [1], unchanged: 0 });
});

test("the order of keys does not make a difference, the order of a list does", () => {
  const row = aRow({ metadata: { a: 1, b: { c: 2, d: 3 } }, tags: ["x", "y"] });
  expect(matchesInput(row, { ...inputOf(row), metadata: { b: { d: 3, c: 2 }, a: 1 } })).toBe(true);
  expect(matchesInput(row, { ...inputOf(row), tags: ["y", "x"] })).toBe(false);
});

test("a version that is not named stays as probed; one that is named counts", () => {
  const { version, ...unnamed } = inputOf(aRow({ version: "1.0" }));
  expect(matchesInput(aRow({ version: "1.0" }), unnamed)).toBe(true);
  expect(matchesInput(aRow({ version: "1.0" }), { ...unnamed, version: "2.0" })).toBe(false);
  expect(matchesInput(aRow({ version: "1.0" }), { ...unnamed, version: null })).toBe(false);
});

test.each([
  [{ a: undefined }, {}, true],
  [{ a: 1 }, { b: 1 }, false],
  [{ a: 1 }, { a: 1, b: 2 }, false],
  [[], {}, false],
  [null, {}, false],
  [{ a: null }, { a: null }, true],
  ["1", 1, false],
  [[1, [2]], [1, [2]], true],
])("%j and %j are equal: %s", (a, b, equal) => {
  expect(equalJson(a, b)).toBe(equal);
});
