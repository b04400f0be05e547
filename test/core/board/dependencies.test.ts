import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dependencyGraph, type GraphService, MAX_ROOT_CAUSES } from "../../../src/core/board/dependencies.ts";
import type { Status } from "../../../src/core/service/records.ts";
import { components } from "../../../src/core/values/strongly-connected-components.ts";

function service(
  id: number,
  depends_on: string[],
  status: Status = "up",
  project = "shop",
  hub_id = "h",
): GraphService {
  return { id, hub_id, project, name: `s${id}`, type: "api", status, depends_on };
}

const causesOf = (services: GraphService[]) =>
  Object.fromEntries(dependencyGraph(services, "h").nodes.map(({ id, root_cause }) => [id, root_cause]));

describe("the graph of dependencies", () => {
  test("has edges to services of the same and of other projects, each once", () => {
    const graph = dependencyGraph(
      [service(1, ["s2", "shop/s2", "other/s3"]), service(2, []), service(3, [], "down", "other")],
      "h",
    );
    expect(graph.edges).toEqual([
      { from: 1, to: 2 },
      { from: 1, to: 3 },
    ]);
    expect(graph.nodes[0]).toEqual({
      id: 1,
      project: "shop",
      name: "s1",
      status: "up",
      type: "api",
      hub_id: "h",
    });
    expect(graph).toMatchObject({ missing: [], cycles: [] });
  });

  test("reaches into other hubs, where short names mean the services of that hub", () => {
    const services = [
      service(1, ["far/shop/s2", "far/shop/gone"], "down"),
      service(-1, ["s3", "h/shop/s4"], "down", "shop", "far"),
      service(-2, [], "down", "shop", "far"),
      service(4, []),
    ].map((each, index) => ({ ...each, name: `s${index + 1}` }));
    const graph = dependencyGraph(services, "h", "shop");
    expect(graph.edges).toEqual([
      { from: 1, to: -1 },
      { from: -1, to: -2 },
      { from: -1, to: 4 },
    ]);
    expect(graph.missing).toEqual([{ from: 1, to: "far/shop/gone" }]);
    expect(causesOf(services)).toEqual({ 1: [-2], "-1": [-2], "-2": [-2], 4: undefined });
    expect(graph.nodes.map(({ hub_id }) => hub_id)).toEqual(["h", "far", "far", "h"]);
  });

  test("tells what is missing by project and name", () => {
    expect(dependencyGraph([service(1, ["redis", "other/x"])], "h").missing).toEqual([
      { from: 1, to: "shop/redis" },
      { from: 1, to: "other/x" },
    ]);
  });

  test("tells what goes in circles, a service that needs itself too", () => {
    const services = [
      service(1, ["s2"]),
      service(2, ["s3"]),
      service(3, ["s1"]),
      service(4, ["s4"]),
      service(5, ["s1"]),
    ];
    expect(dependencyGraph(services, "h").cycles).toEqual([[1, 2, 3], [4]]);
  });

  test("of one project holds what that depends on in others, and no more", () => {
    const services = [
      service(1, ["b/s2", "gone"]),
      service(2, ["c/s3"], "up", "b"),
      service(3, ["s3", "away"], "up", "c"),
      service(4, ["shop/s1", "lost", "s4"], "up", "d"),
    ];
    const graph = dependencyGraph(services, "h", "shop");
    expect(graph.nodes.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(graph.edges).toHaveLength(3);
    expect(graph.missing.map(({ to }) => to)).toEqual(["shop/gone", "c/away"]);
    expect(graph.cycles).toEqual([[3]]);
  });
});

describe("the root cause of an outage", () => {
  test("is the deepest dependency that is down", () => {
    const services = [service(1, ["s2"], "down"), service(2, ["s3"], "down"), service(3, [], "down")];
    expect(causesOf(services)).toEqual({ 1: [3], 2: [3], 3: [3] });
  });

  test("is the service itself when everything below it works", () => {
    expect(causesOf([service(1, ["s2"], "down"), service(2, [])])).toEqual({ 1: [1], 2: undefined });
  });

  test("is found behind a dependency that only looks well", () => {
    expect(causesOf([service(1, ["s2"], "down"), service(2, ["s3"], "degraded"), service(3, [], "down")])[1]).toEqual([
      3,
    ]);
  });

  test("may be several", () => {
    expect(causesOf([service(1, ["s2", "s3"], "down"), service(2, [], "down"), service(3, [], "down")])[1]).toEqual([
      2, 3,
    ]);
  });

  test("in a circle is all of it that is down", () => {
    const services = [service(1, ["s2"], "down"), service(2, ["s1"], "down"), service(3, ["s1"], "down")];
    expect(causesOf(services)).toEqual({ 1: [1, 2], 2: [1, 2], 3: [1, 2] });
  });

  test("is told up to a bound", () => {
    const leaves = Array.from({ length: 50 }, (_, i) => service(i + 2, [], "down"));
    const causes = causesOf([
      service(
        1,
        leaves.map(({ name }) => name),
        "down",
      ),
      ...leaves,
    ]);
    expect(causes[1]).toHaveLength(MAX_ROOT_CAUSES);
  });
});

test("a chain of 20,000 services is no problem", () => {
  const chain = Array.from({ length: 20_000 }, (_, i) => service(i, [`s${i + 1}`], "down"));
  const { nodes, missing } = dependencyGraph(chain, "h");
  expect(nodes[0]?.root_cause).toEqual([19_999]);
  expect(missing).toEqual([{ from: 19_999, to: "shop/s20000" }]);
});

test("components are exactly the sets of nodes that reach each other, targets first", () => {
  const graph = fc
    .integer({ min: 1, max: 9 })
    .chain((n) => fc.array(fc.uniqueArray(fc.nat(n - 1)), { minLength: n, maxLength: n }));
  fc.assert(
    fc.property(graph, (targets) => {
      const nodes = targets.map((_, i) => i);
      const reach = nodes.map((node) => reachableFrom(node, targets));
      const found = components(nodes, (node) => targets[node] ?? []);
      expect(found.flat().sort((a, b) => a - b)).toEqual(nodes);
      found.forEach((group, i) => {
        for (const a of group) {
          expect(nodes.filter((b) => reach[a]?.has(b) && reach[b]?.has(a))).toEqual(group);
          for (const later of found.slice(i + 1).flat()) expect(reach[a]?.has(later)).toBe(false);
        }
      });
    }),
  );
});

function reachableFrom(start: number, targets: number[][]): Set<number> {
  const seen = new Set([start]);
  for (const node of seen) for (const to of targets[node] ?? []) seen.add(to);
  return seen;
}
