import { describe, expect, test } from "vitest";
import { dependencyGraph } from "../../src/core/board/dependencies.ts";
import type { Status } from "../../src/core/service/records.ts";
import { found, litFrom, neighbourhood } from "../../src/dashboard/model/dependency-focus.ts";
import { drawingOf } from "../../src/dashboard/model/dependency-model.ts";
import { graphAddress, parseGraphView } from "../../src/dashboard/model/graph-view.ts";

const service = (id: number, name: string, status: Status, project: string, ...depends_on: string[]) => {
  return { id, hub_id: "hub", name, status, depends_on, project, type: "api" as const };
};
/** web → checkout → db is down; report is up and needs db and mail; checkout needs mail, too, which is up. */
const drawing = drawingOf(
  dependencyGraph(
    [
      service(1, "db", "down", "data"),
      service(2, "checkout", "down", "shop", "data/db", "data/mail"),
      service(3, "web", "down", "shop", "checkout"),
      service(4, "report", "up", "data", "db", "mail"),
      service(5, "mail", "up", "data"),
    ],
    "hub",
  ),
  "hub",
);
const sorted = (keys: Iterable<string>) => [...keys].sort();

describe("pointing at a service lights up", () => {
  test("the victims of a cause, and the lines between them", () => {
    const lit = litFrom(drawing, "1");
    expect(sorted(lit.nodes)).toEqual(["1", "2", "3"]);
    expect(sorted(lit.edges)).toEqual(["2 1", "3 2"]);
  });

  test("the cause of a victim, over all that lies between", () => {
    expect(sorted(litFrom(drawing, "3").nodes)).toEqual(["1", "2", "3"]);
  });

  test("what a service needs and what needs it, one step, when the service is not down", () => {
    const lit = litFrom(drawing, "5");
    expect(sorted(lit.nodes)).toEqual(["2", "4", "5"]);
    expect(sorted(lit.edges)).toEqual(["2 5", "4 5"]);
  });
});

describe("the neighbourhood of a service", () => {
  test("is what it needs and what needs it", () => {
    const { nodes, edges } = neighbourhood(drawing, "2", 1);
    expect(sorted(nodes.map(({ name }) => name))).toEqual(["checkout", "db", "mail", "web"]);
    expect(edges).toHaveLength(3);
  });

  test("of two steps goes on in the same direction, so that it has no siblings", () => {
    expect(sorted(neighbourhood(drawing, "3", 2).nodes.map(({ name }) => name))).toEqual([
      "checkout",
      "db",
      "mail",
      "web",
    ]);
  });

  test("of a service that is not drawn is empty", () => {
    expect(neighbourhood(drawing, "77", 1)).toEqual({ nodes: [], edges: [] });
  });
});

test("a search finds words in names and projects", () => {
  const names = (text: string) => found(drawing, text).map(({ name }) => name);
  expect(names("DATA m")).toEqual(["mail"]);
  expect(names("  ")).toEqual([]);
  expect(names("nothing")).toEqual([]);
});

describe("the address of a view", () => {
  test.each([
    "/dependencies",
    "/dependencies?project=shop&only=trouble",
    "/dependencies?around=12&steps=all&frames=none",
    "/dependencies?q=db",
  ])("%s is the view that it was made from", (address) => {
    expect(graphAddress(parseGraphView(address.split("?")[1] ?? ""))).toBe(address);
  });

  test("ignores values that are unknown", () => {
    expect(graphAddress(parseGraphView("only=what&steps=9&frames=x"))).toBe("/dependencies");
  });
});
