import { describe, expect, test } from "vitest";
import { rowOfListed } from "../../src/dashboard/live/service-row.ts";
import {
  DEFAULT_VIEW,
  isFiltered,
  listRows,
  parseView,
  tagsOf,
  viewSearch,
} from "../../src/dashboard/model/service-list.ts";
import { aRow, aService, NOW } from "./rows.ts";

const rows = [
  aRow({ id: 1, name: "db", status: "up", latency_ms: 5, since: NOW - 3_000 }),
  aRow({ id: 2, name: "api", status: "down", latency_ms: null, since: NOW - 1_000, type: "api" }),
  aRow({ id: 3, name: "cache", status: "degraded", latency_ms: 900, since: NOW - 2_000, project: "blog" }),
  rowOfListed(aService({ id: 4, name: "web", tags: ["edge", "eu"], health_status: "unknown" }), undefined),
];
const ids = (part: Partial<typeof DEFAULT_VIEW>) => listRows(rows, { ...DEFAULT_VIEW, ...part }).map(({ id }) => id);

describe("a list of services", () => {
  test("begins with what is worst", () => expect(ids({})).toEqual([2, 3, 4, 1]));

  test.each([
    ["name", [2, 3, 1, 4]],
    ["project", [3, 2, 1, 4]],
    ["latency", [3, 1, 4, 2]],
    ["since", [2, 3, 1, 4]],
  ] as const)("sorts by %s", (sort, expected) => expect(ids({ sort })).toEqual(expected));

  test("finds by words of name and project, in any case and order", () => {
    expect(ids({ q: "SHOP d" })).toEqual([1]);
    expect(ids({ q: "log" })).toEqual([3]);
    expect(ids({ q: "nothing" })).toEqual([]);
  });

  test("filters by status, type, project and tag together", () => {
    expect(ids({ status: "down" })).toEqual([2]);
    expect(ids({ type: "api", project: "shop" })).toEqual([2]);
    expect(ids({ tag: "edge" })).toEqual([4]);
    expect(ids({ tag: "edge", status: "up" })).toEqual([]);
  });

  test("names each tag once", () => expect(tagsOf([...rows, ...rows])).toEqual(["edge", "eu"]));
});

describe("the address of a list", () => {
  test("says nothing of what is as usual", () => expect(viewSearch(DEFAULT_VIEW)).toBe(""));

  test("brings back the view that it was made of", () => {
    const view = {
      q: "a b&c=%",
      status: "down",
      project: "shop",
      type: "api",
      tag: "é/ü",
      sort: "name",
      layout: "grid",
    } as const;
    expect(parseView(viewSearch(view))).toEqual(view);
  });

  test("with values that are none is as if they were not there", () => {
    expect(parseView("?status=gone&type=car&sort=__proto__&layout=x&q=")).toEqual(DEFAULT_VIEW);
  });

  test("a sort is no filter", () => {
    expect(isFiltered({ ...DEFAULT_VIEW, sort: "name", layout: "grid" })).toBe(false);
    expect(isFiltered({ ...DEFAULT_VIEW, q: "x" })).toBe(true);
  });
});

test("among the worst, what took others along comes first", () => {
  const rows = [aRow({ id: 1, name: "a", status: "down" }), aRow({ id: 2, name: "z", status: "down" })];
  const names = (causes: readonly number[]) => listRows(rows, DEFAULT_VIEW, new Set(causes)).map(({ name }) => name);
  expect(names([])).toEqual(["a", "z"]);
  expect(names([2])).toEqual(["z", "a"]);
});
