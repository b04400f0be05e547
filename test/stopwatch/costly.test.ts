/** What would take quadratic or exponential time if it were not refused, or not done with care. */
import { expect, test } from "vitest";
import { dependencyGraph, type GraphService } from "../../src/core/board/dependencies.ts";
import { outagesOf } from "../../src/core/board/outages.ts";
import { failedAssertion } from "../../src/core/service/json-assertions.ts";
import { parseManifestBody } from "../../src/http/projects/manifest-body.ts";

const LIMIT_MS = 3_000;
const NUMBERS = Array.from({ length: 20_000 }, (_, n) => n);

function tookMs(work: () => void): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

test.each([
  ["keys", Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join("\n")],
  ["errors", "!a ".repeat(85_000)],
])("a manifest with very many %s", (_, yaml) => {
  const bytes = new TextEncoder().encode(yaml).buffer;
  expect(
    tookMs(() => {
      try {
        parseManifestBody("text/yaml", bytes);
      } catch {
        // it may be refused; here it only counts how soon
      }
    }),
  ).toBeLessThan(LIMIT_MS);
});

test("a path of JSONPath that looks at everything for everything", () => {
  const assertion = { path: "$[?$[?$[?@==0]]]", op: "exists" } as const;
  expect(tookMs(() => expect(failedAssertion(NUMBERS, [assertion])).toMatch(/too many steps/))).toBeLessThan(LIMIT_MS);
});

test("the outage of a database that ten thousand services depend on", () => {
  const service = (id: number, ...depends_on: string[]): GraphService => ({
    id,
    hub_id: "hub-a",
    project: "shop",
    name: `s-${id}`,
    type: "api",
    status: "down",
    depends_on,
  });
  const fallen = Array.from({ length: 10_000 }, (_, n) => service(n + 2, "s-1"));
  const graph = dependencyGraph([service(1), ...fallen], "hub-a");
  let affected: number | undefined;
  const took = tookMs(() => {
    affected = outagesOf(graph, "hub-a", () => ({ since: 0, error: null })).outages[0]?.affected_count;
  });
  expect(affected).toBe(10_000);
  expect(took).toBeLessThan(LIMIT_MS); // 4.4 s when it was quadratic, 30 ms now
});
