/**
 * The drawing of dependencies as the layout engine ELK takes and returns it. A dependency is to the right of the
 * services that need it. Lines run around the boxes. All lengths in px.
 * Source of the options: https://eclipse.dev/elk/reference/options.html
 */
import type { ElkExtendedEdge, ElkNode } from "elkjs/lib/elk-api.js";
import { type Box, edgeKey, fold, type Shape } from "./dependency-blocks.ts";

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 58;
const CELL_GAP = 14;
/** Between the border of a block and its services. */
const BLOCK_PADDING = 12;
/** Width divided by height of a block. It is about that of the whole frame. */
const BLOCK_ASPECT = 1.6;
/** Room for the name of a project. */
const PROJECT_PADDING = "[top=40,left=16,bottom=16,right=16]";
/** With more boxes, the placement that makes the smallest drawing takes seconds. */
const SMALL = 150;

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.aspectRatio": "1.6",
  "elk.layered.mergeEdges": "true",
  "elk.spacing.nodeNode": "18",
  "elk.spacing.edgeNode": "10",
  "elk.spacing.edgeEdge": "6",
  "elk.layered.spacing.nodeNodeBetweenLayers": "48",
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "6",
};

export interface Point {
  x: number;
  y: number;
}

export interface Rectangle extends Point {
  width: number;
  height: number;
}

/** Drawn behind the services: a project, or a block of services with the same dependencies. */
export interface Frame extends Rectangle {
  key: string;
  /** Null for a block. */
  label: string | null;
}

export interface Route {
  key: string;
  /** Keys of the services at both ends; more than one for a block. */
  from: readonly string[];
  to: readonly string[];
  /** From the border of the first box to the border of the second. Each piece is horizontal or vertical. */
  points: Point[];
}

export interface Layout {
  /** The upper left corner of each service, by key. */
  places: Map<string, Point>;
  frames: Frame[];
  routes: Route[];
}

const frameKey = (group: string) => `frame:${group}`;

export function elkGraphOf(shape: Shape): ElkNode {
  const { boxes, edges } = fold(shape);
  const strategy = boxes.length <= SMALL ? "NETWORK_SIMPLEX" : "BRANDES_KOEPF";
  const options = { ...OPTIONS, "elk.layered.nodePlacement.strategy": strategy };
  const children = [...Map.groupBy(boxes, ({ group }) => group)].flatMap(([group, members]): ElkNode[] => {
    const nodes = members.map((box) => ({ id: box.key, ...sizeOf(box) }));
    if (group === null) return nodes;
    return [{ id: frameKey(group), children: nodes, layoutOptions: { ...options, "elk.padding": PROJECT_PADDING } }];
  });
  return {
    id: "root",
    layoutOptions: options,
    children,
    edges: edges.map((edge) => ({ id: edgeKey(edge), sources: [edge.from], targets: [edge.to] })),
  };
}

/** `laidOut`: what ELK made of `elkGraphOf(shape)`. */
export function layoutOf(shape: Shape, laidOut: ElkNode): Layout {
  const { boxes } = fold(shape);
  const found = new Map(withChildren(laidOut).map((node) => [node.id, node]));
  const lines = new Map(withChildren(laidOut).flatMap(({ edges = [] }) => edges.map((edge) => [edge.id, edge])));
  const placed = boxes.map((box) => ({ box, at: rectangleOf(found.get(box.key)) }));
  const members = new Map(boxes.map((box) => [box.key, box.members]));
  const groups = [...new Set(boxes.flatMap(({ group }) => group ?? []))];
  return {
    places: new Map(placed.flatMap(({ box, at }) => placesIn(box, at))),
    frames: [
      ...groups.map((group) => ({ key: frameKey(group), label: group, ...rectangleOf(found.get(frameKey(group))) })),
      ...placed
        .filter(({ box }) => box.members.length > 1)
        .map(({ box, at }) => ({ key: box.key, label: null, ...at })),
    ],
    routes: [...lines.values()].map((edge) => routeOf(edge, members)),
  };
}

/** The line as an SVG path with round corners. */
export function pathOf(points: readonly Point[], radius = 8): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (before === undefined) return `M${point.x} ${point.y}`;
      if (after === undefined) return `L${point.x} ${point.y}`;
      const start = towards(point, before, radius);
      const end = towards(point, after, radius);
      return `L${start.x} ${start.y}Q${point.x} ${point.y} ${end.x} ${end.y}`;
    })
    .join("");
}

/** A point at most `distance` from `point`, at most half of the way to `other`. */
function towards(point: Point, other: Point, distance: number): Point {
  const length = Math.hypot(other.x - point.x, other.y - point.y);
  const part = length === 0 ? 0 : Math.min(distance / length, 0.5);
  return { x: point.x + (other.x - point.x) * part, y: point.y + (other.y - point.y) * part };
}

function columnsOf(count: number): number {
  const cell = (NODE_WIDTH + CELL_GAP) / (NODE_HEIGHT + CELL_GAP);
  return Math.max(1, Math.round(Math.sqrt((count * BLOCK_ASPECT) / cell)));
}

function sizeOf({ members: { length } }: Box): { width: number; height: number } {
  if (length === 1) return { width: NODE_WIDTH, height: NODE_HEIGHT };
  const columns = columnsOf(length);
  return {
    width: columns * (NODE_WIDTH + CELL_GAP) - CELL_GAP + 2 * BLOCK_PADDING,
    height: Math.ceil(length / columns) * (NODE_HEIGHT + CELL_GAP) - CELL_GAP + 2 * BLOCK_PADDING,
  };
}

function placesIn({ members }: Box, { x, y }: Point): [string, Point][] {
  const [only] = members;
  if (only !== undefined && members.length === 1) return [[only, { x, y }]];
  const columns = columnsOf(members.length);
  return members.map((member, index) => [
    member,
    {
      x: x + BLOCK_PADDING + (index % columns) * (NODE_WIDTH + CELL_GAP),
      y: y + BLOCK_PADDING + Math.floor(index / columns) * (NODE_HEIGHT + CELL_GAP),
    },
  ]);
}

function withChildren(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(withChildren)];
}

function rectangleOf(node: ElkNode | undefined): Rectangle {
  return { x: node?.x ?? 0, y: node?.y ?? 0, width: node?.width ?? 0, height: node?.height ?? 0 };
}

function routeOf({ id, sources, targets, sections = [] }: ElkExtendedEdge, members: Map<string, string[]>): Route {
  const all = (boxes: readonly string[]) => boxes.flatMap((box) => members.get(box) ?? []);
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint]);
  return { key: id, from: all(sources), to: all(targets), points };
}
