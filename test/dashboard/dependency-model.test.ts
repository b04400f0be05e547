import { describe, expect, test } from "vitest";
import { dependencyGraph } from "../../src/core/board/dependencies.ts";
import type { Status } from "../../src/core/service/records.ts";
import { causesOf, connected, drawingOf, troubled, worstKind } from "../../src/dashboard/model/dependency-model.ts";

const service = (id: number, name: string, status: Status, ...depends_on: string[]) => {
  return { id, hub_id: "hub", name, status, depends_on, project: "shop", type: "api" as const };
};
/** web → checkout → db, which is down and with it the others; a ↔ b; checkout needs what nobody registered. */
const graph = dependencyGraph(
  [
    service(1, "db", "down"),
    service(2, "checkout", "down", "db", "billing/ledger"),
    service(3, "web", "down", "checkout"),
    service(4, "a", "up", "b"),
    service(5, "b", "up", "a"),
    service(6, "alone", "up"),
  ],
  "hub",
);
const drawing = drawingOf(graph, "hub");

describe("a drawing of dependencies", () => {
  test("marks where an outage comes from, and what is down because of it", () => {
    const causes = causesOf(drawing);
    expect(causes.map(({ node }) => node.name)).toEqual(["db"]);
    expect(causes[0]?.affected.map(({ name }) => name)).toEqual(["checkout", "web"]);
  });

  test("shows what is missing as a node of its own", () => {
    expect(drawing.nodes.find(({ status }) => status === "missing")).toMatchObject({
      id: null,
      project: "billing",
      name: "ledger",
    });
  });

  test("tells outages, circles and missing targets apart", () => {
    expect(drawing.edges.map(({ from, to, kind }) => `${from}-${to} ${kind}`)).toEqual([
      "2-1 outage",
      "3-2 outage",
      "4-5 cycle",
      "5-4 cycle",
      "2-missing:billing/ledger missing",
    ]);
  });

  test("leaves out who has no dependencies", () => {
    expect(connected(drawing).nodes.map(({ name }) => name)).not.toContain("alone");
  });
});

test("only what is in trouble is what is not up, missing or in a circle, and what leads to it", () => {
  const all = drawingOf(
    dependencyGraph(
      [service(1, "a", "down"), service(2, "b", "up", "a"), service(3, "c", "up", "b"), service(4, "d", "up")],
      "hub",
    ),
    "hub",
  );
  expect(troubled(all).nodes.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(troubled(all).edges.map(({ from, to }) => [from, to])).toEqual([["2", "1"]]);
});

test("a line that stands for several edges has the kind of the worst", () => {
  expect(worstKind(["plain", "missing", "outage", "cycle"])).toBe("outage");
  expect(worstKind(["plain", "missing"])).toBe("missing");
  expect(worstKind([])).toBe("plain");
});
