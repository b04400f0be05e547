/**
 * Folds services with the same dependencies and the same dependents into blocks, so that a database that 400 services
 * need is drawn with one edge and not with 400.
 */

export interface ShapeNode {
  key: string;
  /** The frame that the node is drawn in; null when the drawing has no frames. */
  group: string | null;
}

/** The input of the layout; statuses do not matter. */
export interface Shape {
  nodes: readonly ShapeNode[];
  edges: readonly { from: string; to: string }[];
}

/** A box of the drawing: one service, or a block of several. */
export interface Box {
  key: string;
  group: string | null;
  /** Keys of the services in the order of their places. */
  members: string[];
}

export interface Folded {
  boxes: Box[];
  /** Edges between boxes, each pair once, none from a box to itself. */
  edges: { from: string; to: string }[];
}

/** Fewer equal services are drawn one by one. */
const MIN_BLOCK = 4;

export function fold({ nodes, edges }: Shape): Folded {
  const needs = neighbours(edges, "from", "to");
  const neededBy = neighbours(edges, "to", "from");
  const alike = Map.groupBy(nodes, ({ key, group }) => JSON.stringify([group, needs.get(key), neededBy.get(key)]));
  const boxes = [...alike.values()].flatMap((equals) => boxesOf(equals));
  const boxOf = new Map(boxes.flatMap(({ key, members }) => members.map((member) => [member, key] as const)));
  const joined = new Map(
    edges.flatMap((edge) => {
      const from = boxOf.get(edge.from);
      const to = boxOf.get(edge.to);
      return from === undefined || to === undefined || from === to
        ? []
        : [[edgeKey({ from, to }), { from, to }] as const];
    }),
  );
  return { boxes, edges: [...joined.values()] };
}

/** The key of a dependency, or of a line from one box to another. */
export const edgeKey = ({ from, to }: { from: string; to: string }) => `${from} ${to}`;

function boxesOf(equals: readonly ShapeNode[]): Box[] {
  const [first] = equals;
  if (first === undefined) return [];
  if (equals.length < MIN_BLOCK) return equals.map(({ key, group }) => ({ key, group, members: [key] }));
  return [{ key: `block:${first.key}`, group: first.group, members: equals.map(({ key }) => key) }];
}

function neighbours(edges: Shape["edges"], end: "from" | "to", other: "from" | "to"): Map<string, string[]> {
  const found = Map.groupBy(edges, (edge) => edge[end]);
  return new Map([...found].map(([key, ones]) => [key, [...new Set(ones.map((edge) => edge[other]))].sort()]));
}
