import { globSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import config from "../vitest.config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

it("every file of tests belongs to a project, so that it runs", () => {
  const projects = config.test?.projects ?? [];
  const patterns = projects.flatMap((project) =>
    typeof project === "object" && "test" in project ? (project.test?.include ?? []) : [],
  );
  const included = new Set(globSync(patterns, { cwd: root }));
  const all = globSync("test/**/*.test.ts", { cwd: root });
  expect(all.length).toBeGreaterThan(200);
  expect(all.filter((file) => !included.has(file))).toEqual([]);
});
