import Elk from "elkjs/lib/main.js";
import { describe, expect, test } from "vitest";
import { fold, type Shape } from "../../src/dashboard/model/dependency-blocks.ts";
import {
  elkGraphOf,
  type Layout,
  layoutOf,
  NODE_HEIGHT,
  NODE_WIDTH,
  type Point,
  pathOf,
  type Rectangle,
} from "../../src/dashboard/model/dependency-layout.ts";
import { mulberry32 } from "../core/mulberry32.ts";

const elk = new Elk();

async function layOut(shape: Shape): Promise<Layout> {
  return layoutOf(shape, await elk.layout(elkGraphOf(shape)));
}

/** Services in tiers; each needs up to three earlier ones, sometimes one of the first five, sometimes a later one. */
function tiers(count: number, projects: number, seed: number): Shape {
  const random = mulberry32(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const nodes = Array.from({ length: count }, (_, index) => ({
    key: `${index}`,
    group: projects === 0 ? null : `project ${Math.floor((index * projects) / count)}`,
  }));
  const edges = nodes.slice(5).flatMap(({ key }, index) =>
    Array.from({ length: 1 + below(3) }, () => {
      const to = random() < 0.1 ? below(5) : random() < 0.03 ? below(count) : below(index + 5);
      return { from: key, to: `${to}` };
    }),
  );
  return { nodes, edges: edges.filter(({ from, to }) => from !== to) };
}

/** Many services that need the same one. */
function star(count: number): Shape {
  const nodes = Array.from({ length: count }, (_, index) => ({ key: `${index}`, group: null }));
  return { nodes, edges: nodes.slice(1).map(({ key }) => ({ from: key, to: "0" })) };
}

const SHAPES: [string, Shape][] = [
  ["12 services", tiers(12, 0, 1)],
  ["31 services in 4 projects", tiers(31, 4, 2)],
  ["120 services", tiers(120, 0, 3)],
  ["120 services in 6 projects", tiers(120, 6, 4)],
  ["500 services in 12 projects", tiers(500, 12, 5)],
  ["400 services that need one", star(400)],
];

describe.each(SHAPES)("the drawing of %s", (_, shape) => {
  const drawn = layOut(shape);

  test("has no line that crosses a service", async () => {
    const { places, routes } = await drawn;
    const boxes = [...places].map(([key, place]) => ({ key, ...place, width: NODE_WIDTH, height: NODE_HEIGHT }));
    const crossings = routes.flatMap(({ key, points }) =>
      boxes.filter((box) => crosses(points, box)).map((box) => `${key} crosses ${box.key}`),
    );
    expect(crossings).toEqual([]);
  });

  test("has no two services on each other", async () => {
    const places = [...(await drawn).places.values()];
    expect(places).toHaveLength(shape.nodes.length);
    const overlaps = places.filter((a, index) =>
      places.slice(index + 1).some((b) => Math.abs(a.x - b.x) < NODE_WIDTH && Math.abs(a.y - b.y) < NODE_HEIGHT),
    );
    expect(overlaps).toEqual([]);
  });

  test("has a line for each dependency", async () => {
    const drawnEdges = (await drawn).routes.flatMap(({ from, to, points }) => {
      expect(points.length).toBeGreaterThan(1);
      return from.flatMap((each) => to.map((other) => `${each} ${other}`));
    });
    expect(new Set(drawnEdges)).toEqual(new Set(shape.edges.map(({ from, to }) => `${from} ${to}`)));
  });

  test("has each service inside the frame of its project, and no other", async () => {
    const { places, frames } = await drawn;
    const wrong = shape.nodes.flatMap(({ key, group }) => {
      const place = places.get(key) ?? { x: Number.NaN, y: Number.NaN };
      const around = frames.filter((frame) => frame.label !== null && isInside(place, frame)).map(({ label }) => label);
      return around.join() === (group ?? "") ? [] : [`${key} in ${around}`];
    });
    expect(wrong).toEqual([]);
  });
});

test("what is needed is to the right of what needs it", async () => {
  const edges = [
    { from: "web", to: "api" },
    { from: "api", to: "db" },
  ];
  const nodes = ["db", "web", "api"].map((key) => ({ key, group: null }));
  const { places } = await layOut({ nodes, edges });
  const x = (key: string) => places.get(key)?.x ?? Number.NaN;
  expect(x("api")).toBeGreaterThanOrEqual(x("web") + NODE_WIDTH);
  expect(x("db")).toBeGreaterThanOrEqual(x("api") + NODE_WIDTH);
});

test("many services that need the same one are no tower and have one line", async () => {
  const { places, routes, frames } = await layOut(star(150));
  const [block] = frames;
  expect(routes).toHaveLength(1);
  expect(block?.height).toBeLessThan(block?.width ?? 0);
  expect(places.size).toBe(150);
});

describe("services are folded into a block", () => {
  const node = (key: string, group: string | null = null) => ({ key, group });
  const needing = (to: string, ...from: string[]) => from.map((each) => ({ from: each, to }));

  test("when they have the same dependencies and dependents", () => {
    const edges = [...needing("db", "a", "b", "c", "d", "e"), ...needing("e", "web")];
    const nodes = ["db", "a", "b", "c", "d", "e", "web"].map((key) => node(key));
    const { boxes, edges: lines } = fold({ nodes, edges });
    expect(boxes.filter(({ members }) => members.length > 1).map(({ members }) => members)).toEqual([
      ["a", "b", "c", "d"],
    ]);
    expect(lines).toEqual([
      { from: "block:a", to: "db" },
      { from: "e", to: "db" },
      { from: "web", to: "e" },
    ]);
  });

  test("only within a project, and only when they are at least four", () => {
    const nodes = [
      node("db"),
      ...["a", "b", "c"].map((key) => node(key, "x")),
      ...["d", "e"].map((key) => node(key, "y")),
    ];
    const { boxes } = fold({ nodes, edges: needing("db", "a", "b", "c", "d", "e") });
    expect(boxes).toHaveLength(6);
  });
});

test("a path has round corners that are no longer than half of a piece", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 20, y: 0 },
    { x: 20, y: 8 },
  ];
  expect(pathOf(points)).toBe("M0 0L12 0Q20 0 20 4L20 8");
  expect(pathOf([])).toBe("");
});

/** Lines touch the border of the boxes that they join; they may not go deeper. */
function crosses(points: readonly Point[], box: Rectangle): boolean {
  const margin = 1;
  return points.some((b, index) => {
    const a = points[index - 1];
    if (a === undefined) return false;
    return (
      Math.max(a.x, b.x) > box.x + margin &&
      Math.min(a.x, b.x) < box.x + box.width - margin &&
      Math.max(a.y, b.y) > box.y + margin &&
      Math.min(a.y, b.y) < box.y + box.height - margin
    );
  });
}

function isInside({ x, y }: Point, frame: Rectangle): boolean {
  return x >= frame.x && y >= frame.y && x < frame.x + frame.width && y < frame.y + frame.height;
}
