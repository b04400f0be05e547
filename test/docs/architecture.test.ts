import { globSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LAYERS } from "../layers.ts";
import { codesIn, PAGES, ROOT, read, rowsIn, section } from "./pages.ts";

const page = read("docs/architecture.md");
const MAX_DECISION_LINES = 60;

const map = rowsIn(section(page, "The map of src")).map(([first = ""]) => codesIn(first));

test("the map has a row for every folder of src", () => {
  const folders = map.flatMap((names) => names.filter((name) => name.startsWith("src/")));
  expect(folders.toSorted()).toEqual(
    Object.keys(LAYERS)
      .map((name) => `src/${name}/`)
      .toSorted(),
  );
});

test("the map names every room of the larger folders", () => {
  const named = map.flatMap((names) => {
    const [parent = ""] = (names[0] ?? "").split("/");
    return names.map((name) => (name.split("/").length > 2 ? name : `${parent}/${name}`));
  });
  const larger = ["core", "objects", "http", "store", "cli"];
  const rooms = larger.flatMap((folder) =>
    readdirSync(`${ROOT}/src/${folder}`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}/`),
  );
  expect(named.filter((name) => !name.startsWith("src/")).toSorted()).toEqual(rooms.toSorted());
});

test("every table that a migration leaves has a row, and no other", () => {
  const tables = new Set<string>();
  for (const file of globSync("migrations/*.sql", { cwd: ROOT }).toSorted()) {
    for (const [, made, dropped, from, to] of read(file).matchAll(
      /CREATE TABLE (\w+)|DROP TABLE (\w+)|ALTER TABLE (\w+) RENAME TO (\w+)/g,
    )) {
      if (made !== undefined) tables.add(made);
      if (dropped !== undefined) tables.delete(dropped);
      if (from !== undefined && tables.delete(from) && to !== undefined) tables.add(to);
    }
  }
  const named = rowsIn(section(page, "Tables")).flatMap(([first = ""]) => codesIn(first));
  expect(named.toSorted()).toEqual([...tables].toSorted());
});

test("every Durable Object has a row, and no other", () => {
  const classes = [...read("wrangler.toml").matchAll(/^class_name = "(\w+)"$/gm)].map(([, name = ""]) => name);
  const named = rowsIn(section(page, "The objects")).flatMap(([first = ""]) => codesIn(first));
  expect(named.toSorted()).toEqual(classes.toSorted());
});

test("every decision is listed, and none is longer than a page", () => {
  const decisions = PAGES.filter((path) => /^docs\/decisions\/(?!README)/.test(path));
  const list = read("docs/decisions/README.md");
  expect(decisions.length).toBeGreaterThanOrEqual(10);
  for (const path of decisions) {
    expect(list).toContain(`(${path.replace("docs/decisions/", "")})`);
    expect(read(path).split("\n").length, path).toBeLessThanOrEqual(MAX_DECISION_LINES);
  }
});

test("every benchmark has its name in docs/benchmarks.md", () => {
  const names = globSync("test/bench/*.ts", { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(/^ {2}names: \[(.*)\],$/gm)].flatMap(([, list = ""]) => list.match(/[\w-]+/g) ?? []),
  );
  expect(names.length).toBeGreaterThan(20);
  const named = new Set(codesIn(read("docs/benchmarks.md")));
  expect(names.filter((name) => !named.has(name))).toEqual([]);
});
