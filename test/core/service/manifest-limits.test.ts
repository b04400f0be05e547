import { expect, test } from "vitest";
import {
  countErrors,
  fullness,
  MAX_MANIFEST_BYTES,
  MAX_PROJECT_SERVICES,
  withinLimit,
} from "../../../src/core/service/manifest-limits.ts";
import { manifestSchema } from "../../../src/core/service/registration.ts";
import { inputOf } from "../../../src/core/service/service-rules.ts";
import { aBody, aRow } from "../rows.ts";

const bodies = (count: number) => Array.from({ length: count }, (_, index) => aBody({ name: `s${index}` }));

test("a manifest may have as many services as a project", () => {
  expect(manifestSchema.safeParse({ services: bodies(MAX_PROJECT_SERVICES) }).success).toBe(true);
  expect(manifestSchema.safeParse({ services: bodies(MAX_PROJECT_SERVICES + 1) }).success).toBe(false);
});

test("the largest project fits into a manifest, with services that say much of themselves", () => {
  const much = {
    health_url: `https://${"checkout.".repeat(10)}example.com/health`,
    tags: ["production", "payments", "blue"],
    metadata: { owner: "team@example.com", notes: "x".repeat(2_000) },
    depends_on: ["shop/db", "shop/cache"],
  };
  const services = bodies(MAX_PROJECT_SERVICES).map((body) => ({ ...body, ...much }));
  expect(JSON.stringify({ services }).length).toBeLessThan(MAX_MANIFEST_BYTES);
});

test("a project takes services until it has the most that it may have, and says the limit", () => {
  expect(fullness({ name: "shop", service_count: MAX_PROJECT_SERVICES - 1 })).toBeNull();
  expect(fullness({ name: "shop", service_count: MAX_PROJECT_SERVICES })).toBe(
    "the project shop has 1000 services; a project may have at most 1000",
  );
});

test("of the services that an agent found, those without room are split off and the others are made", () => {
  const create = ["a", "b", "c"].map((name) => inputOf(aRow({ name })));
  const plan = { create, update: [], delete: [], unchanged: 0 };
  const { plan: kept, tooMany } = withinLimit(plan, MAX_PROJECT_SERVICES - 2);
  expect([kept.create.map(({ name }) => name), tooMany]).toEqual([["a", "b"], ["c"]]);
  expect(withinLimit(plan, MAX_PROJECT_SERVICES + 5).tooMany).toEqual(["a", "b", "c"]);
  expect(withinLimit({ ...plan, delete: [1] }, MAX_PROJECT_SERVICES).tooMany).toEqual(["b", "c"]);
});

test.each([
  [{ services: bodies(MAX_PROJECT_SERVICES) }, []],
  [
    { services: Array(MAX_PROJECT_SERVICES + 1) },
    [{ path: "services", message: "expected at most 1000 services, not 1001" }],
  ],
  [null, []],
  [{ services: "all" }, []],
])("a manifest with too many services is one error, whatever else is wrong", (body, errors) => {
  expect(countErrors(body)).toEqual(errors);
});
