/** `dependencies` of package.json are what is deployed or published, so that `npm audit --omit=dev` looks at all of it. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { importsOf } from "../layers.ts";

const SRC = join(import.meta.dirname, "../../src");
/** These build, start or deploy a hub from a checkout. Nothing of them is in the Worker or in the npm package. */
const TOOLS_OF_CLI = ["esbuild", "miniflare", "wrangler"];
const BUILD_FILES = ["dashboard/vite.config.ts"];

const PACKAGE = /^(?:@[^/]+\/)?[^/]+/;

/** Returns which packages the file of src/ brings into what is deployed or published. */
function shippedBy(file: string, text: string): string[] {
  if (BUILD_FILES.includes(file)) return [];
  const packages = importsOf(text).flatMap(({ name }) => (/^\.|:/.test(name) ? [] : (PACKAGE.exec(name) ?? [])));
  return packages.filter((name) => !(file.startsWith("cli/") && TOOLS_OF_CLI.includes(name)));
}

test("every package that ships is in dependencies, and nothing else is", () => {
  const files = globSync("**/*.{ts,tsx}", { cwd: SRC });
  const shipped = new Set(files.flatMap((file) => shippedBy(file, readFileSync(join(SRC, file), "utf8"))));
  expect([...shipped].toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted());
});

test.each([
  ["a package", "http/a.ts", 'import { a } from "a/b";', ["a"]],
  ["a package of a scope", "http/a.ts", 'import { a } from "@a/b/c";', ["@a/b"]],
  ["a module that is loaded later", "agent/a.ts", 'await import("a");', ["a"]],
  ["a style sheet", "dashboard/a.tsx", 'import "a/style.css";', ["a"]],
  ["a tool outside of cli/", "http/a.ts", 'import { build } from "esbuild";', ["esbuild"]],
  ["a tool in cli/", "cli/a.ts", 'import { build } from "esbuild";', []],
  ["a module of the runtime", "nats/a.ts", 'import { env } from "cloudflare:workers";', []],
  ["a file", "nats/a.ts", 'import { a } from "../core/a.ts";', []],
])("%s counts as what it brings along", (_, file, text, packages) => {
  expect(shippedBy(file, text)).toEqual(packages);
});
