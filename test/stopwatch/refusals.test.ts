/** Inputs that would take quadratic or exponential time if they were not refused. */
import { expect, test } from "vitest";
import { failedAssertion } from "../../src/core/json-assertions.ts";
import { PathTooCostly } from "../../src/core/json-path.ts";
import { parseManifestBody } from "../../src/http/manifest-body.ts";

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
  expect(tookMs(() => expect(() => failedAssertion(NUMBERS, [assertion])).toThrow(PathTooCostly))).toBeLessThan(
    LIMIT_MS,
  );
});
