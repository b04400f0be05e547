import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LAYERS, wrongImports, wrongRows } from "./layers.ts";

test("every folder of src/ has a row among the layers, and every row a folder", () => {
  const entries = readdirSync(new URL("../src", import.meta.url));
  const folders = entries.filter((name) => !name.startsWith("tsconfig."));
  expect(Object.keys(LAYERS).toSorted()).toEqual(folders.toSorted());
});

test("a layer names only layers below it", () => {
  expect(wrongRows()).toEqual([]);
});

test.each([
  ["a new folder", "fresh/a.ts", 'import { a } from "./b.ts";'],
  ["an import of a new folder", "worker/a.ts", 'import { a } from "../fresh/b.ts";'],
  ["a file outside of every folder", "worker/a.ts", 'import { a } from "../b.ts";'],
  ["an upper layer", "core/a.ts", 'import { a } from "../store/b.ts";'],
  ["an adapter of an adapter", "store/a.ts", 'import { a } from "../nats/b.ts";'],
  ["a package", "pipeline/a.ts", 'import { eq } from "drizzle-orm";'],
  ["a type", "core/a.ts", 'import type { A } from "../store/b.ts";'],
  ["a type in an expression", "core/a.ts", 'type A = import("../store/b.ts").A;'],
  ["import()", "core/a.ts", 'const a = await import("../store/b.ts");'],
  ["import without a name", "core/a.ts", 'import "../store/b.ts";'],
  ["export from", "core/a.ts", 'export { a } from "../store/b.ts";'],
  ["export of everything", "core/a.ts", 'export * as b from "../store/b.ts";'],
  ["an import of many lines", "core/a.ts", 'import {\n  a,\n  b,\n} from "../store/b.ts";'],
  ["a nested folder", "dashboard/ui/a.ts", 'import { a } from "../../store/b.ts";'],
  ["more than types of the API", "client/a.ts", 'import { app } from "../http/app.ts";'],
  ["another test or program", "core/a.ts", 'import { a } from "../../test/until.ts";'],
])("%s is refused", (_what, file, text) => {
  expect(wrongImports(file, text)).toHaveLength(1);
});

test("the own folder, a layer below and types of the API are allowed", () => {
  const text = 'import type { App } from "../http/app.ts";\nexport { a } from "../core/a.ts";\nimport "./b.ts";\n';
  expect(wrongImports("client/a.ts", text)).toEqual([]);
});
