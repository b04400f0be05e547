/** The part of a drawing that a reader looks at: a path of an outage, the neighbourhood of a service, what was searched. */
import { edgeKey } from "./dependency-blocks.ts";
import type { Drawing, DrawnEdge, DrawnNode } from "./dependency-model.ts";

/** The services that are lit while one is pointed at. */
export interface Lit {
  /** Keys of services. */
  nodes: ReadonlySet<string>;
  /** See `edgeKey`. */
  edges: ReadonlySet<string>;
}

/**
 * Returns what belongs to the service pointed at. For a service that is down: what took it along and what it took
 * along, over services that are down. For others: what they need and what needs them, one step.
 */
export function litFrom(drawing: Drawing, key: string): Lit {
  const down = new Set(drawing.nodes.filter(({ status }) => status === "down").map((node) => node.key));
  if (!down.has(key)) {
    const edges = drawing.edges.filter(({ from, to }) => from === key || to === key);
    return {
      nodes: new Set([key, ...edges.flatMap(({ from, to }) => [from, to])]),
      edges: new Set(edges.map(edgeKey)),
    };
  }
  const broken = drawing.edges.filter(({ from, to }) => down.has(from) && down.has(to));
  const nodes = reach(broken, key, Number.POSITIVE_INFINITY);
  return { nodes, edges: new Set(broken.filter(({ from, to }) => nodes.has(from) && nodes.has(to)).map(edgeKey)) };
}

/** Returns the service, what it needs and what needs it, in at most so many steps. */
export function neighbourhood({ nodes, edges }: Drawing, key: string, steps: number): Drawing {
  const near = reach(edges, key, steps);
  return {
    nodes: nodes.filter((node) => near.has(node.key)),
    edges: edges.filter(({ from, to }) => near.has(from) && near.has(to)),
  };
}

/** Every word must be part of the name, the project or the hub. Without a word, nothing is found. */
export function found({ nodes }: Drawing, text: string): DrawnNode[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return nodes.filter(({ hub_id, project, name }) => {
    const told = `${hub_id ?? ""} ${project} ${name}`.toLowerCase();
    return words.every((word) => told.includes(word));
  });
}

/** Walks along the edges from `key`, and against them from `key`; it never turns round. */
function reach(edges: readonly DrawnEdge[], key: string, steps: number): Set<string> {
  const needs = Map.groupBy(edges, ({ from }) => from);
  const neededBy = Map.groupBy(edges, ({ to }) => to);
  return new Set([
    ...walk(key, steps, (at) => (needs.get(at) ?? []).map(({ to }) => to)),
    ...walk(key, steps, (at) => (neededBy.get(at) ?? []).map(({ from }) => from)),
  ]);
}

function walk(start: string, steps: number, next: (key: string) => string[]): Set<string> {
  const seen = new Set([start]);
  let edge = [start];
  for (let step = 0; step < steps && edge.length > 0; step++) {
    edge = [...new Set(edge.flatMap(next))].filter((key) => !seen.has(key));
    for (const key of edge) seen.add(key);
  }
  return seen;
}
