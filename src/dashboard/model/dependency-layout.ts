/** Computes the places of the nodes. A dependency is to the right of the services that need it. */
import { graphlib, layout } from "@dagrejs/dagre";

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 58;
const ROW_GAP = 18;
const RANK_GAP = 70;
/** Gap in px between the columns of one rank. */
const COLUMN_GAP = 26;
/** Width divided by height of a large drawing. It is about that of the frame. */
const ASPECT = 1.6;
/** A rank with at most this many nodes stays one column. */
const MIN_ROWS = 12;

interface Place {
  x: number;
  y: number;
}

/** What the places depend on; how the services are does not matter. */
interface Shape {
  nodes: readonly { key: string }[];
  edges: readonly { from: string; to: string }[];
}

/** Returns the upper left corner of each node in px, by key. */
export function placesOf(drawing: Shape): Map<string, Place> {
  const places = layered(drawing);
  const ranks = [...Map.groupBy(places, ([, { x }]) => x)].sort(([a], [b]) => a - b).map(([, rank]) => rank);
  const rows = rowsFor(drawing.nodes.length);
  return ranks.some((rank) => rank.length > rows) ? packed(ranks, rows) : places;
}

function layered({ nodes, edges }: Shape): Map<string, Place> {
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

/** Splits each rank that is too tall into several columns. The order of its nodes stays the same. */
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
