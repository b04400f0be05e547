/** Places for the nodes of a drawing: dependencies to the right of what needs them, few crossings. */
import { graphlib, layout } from "@dagrejs/dagre";
import type { Drawing } from "./dependency-model.ts";

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 58;
const ROW_GAP = 18;
const RANK_GAP = 70;
/** Between the columns of one rank. */
const COLUMN_GAP = 26;
/** Width to height that a large drawing is packed to: about that of its frame. */
const ASPECT = 1.6;
/** Fewer in a rank are never broken up. */
const MIN_ROWS = 12;

export interface Place {
  x: number;
  y: number;
}

/** The upper left corner of each node, by key. */
export function placesOf(drawing: Drawing): Map<string, Place> {
  const places = layered(drawing);
  const ranks = [...Map.groupBy(places, ([, { x }]) => x)].sort(([a], [b]) => a - b).map(([, rank]) => rank);
  const rows = rowsFor(drawing.nodes.length);
  return ranks.some((rank) => rank.length > rows) ? packed(ranks, rows) : places;
}

function layered({ nodes, edges }: Drawing): Map<string, Place> {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: ROW_GAP, ranksep: RANK_GAP, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { key } of nodes) graph.setNode(key, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const { from, to } of edges) if (from !== to) graph.setEdge(from, to);
  layout(graph);
  return new Map(
    nodes.map(({ key }) => {
      const { x = 0, y = 0 } = graph.node(key);
      return [key, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}

function rowsFor(count: number): number {
  const cell = (NODE_WIDTH + COLUMN_GAP) / (NODE_HEIGHT + ROW_GAP);
  return Math.max(MIN_ROWS, Math.ceil(Math.sqrt((count * cell) / ASPECT)));
}

/** A rank that is a tower becomes several columns beside each other, in the order that it had. */
function packed(ranks: readonly [string, Place][][], rows: number): Map<string, Place> {
  const places = new Map<string, Place>();
  const rowHeight = NODE_HEIGHT + ROW_GAP;
  let x = 0;
  for (const rank of ranks) {
    const keys = rank.sort(([, a], [, b]) => a.y - b.y).map(([key]) => key);
    const columns = Math.ceil(keys.length / rows);
    const tall = Math.ceil(keys.length / columns);
    const top = ((rows - tall) * rowHeight) / 2;
    for (const [index, key] of keys.entries()) {
      const column = Math.floor(index / tall);
      places.set(key, { x: x + column * (NODE_WIDTH + COLUMN_GAP), y: top + (index % tall) * rowHeight });
    }
    x += columns * (NODE_WIDTH + COLUMN_GAP) - COLUMN_GAP + RANK_GAP;
  }
  return places;
}
