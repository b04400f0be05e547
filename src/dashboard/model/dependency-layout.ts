/** Places for the nodes of a drawing: dependencies to the right of what needs them, few crossings. */
import { graphlib, layout } from "@dagrejs/dagre";
import type { Drawing } from "./dependency-model.ts";

export const NODE_WIDTH = 190;
export const NODE_HEIGHT = 58;

/** The upper left corner of each node, by key. */
export function placesOf({ nodes, edges }: Drawing): Map<string, { x: number; y: number }> {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 18, ranksep: 70, marginx: 16, marginy: 16 });
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
