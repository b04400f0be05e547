/** The graph of dependencies as it is drawn. Missing services are nodes, too. Cycles and causes are marked. */
import type { ServiceType, Status } from "../../core/service/records.ts";
import type { Graph } from "../api/queries.ts";

export interface DrawnNode {
  /** The id of the service, or `missing:project/name`. */
  key: string;
  /** Null when the service has no page here: it is not registered, or it is of another hub. */
  id: number | null;
  /** Null when the service is of this hub, or not registered. */
  hub_id: string | null;
  name: string;
  project: string;
  type: ServiceType | null;
  status: Status | "missing";
  /** Whether this service causes an outage, its own or that of others. */
  is_cause: boolean;
  /** Keys of the other services that cause the outage of this service. */
  causes: string[];
  in_cycle: boolean;
}

/** The worst is first. */
const EDGE_KINDS = ["outage", "cycle", "missing", "plain"] as const;

export interface DrawnEdge {
  from: string;
  to: string;
  kind: (typeof EDGE_KINDS)[number];
}

export interface Drawing {
  nodes: DrawnNode[];
  edges: DrawnEdge[];
}

const missingKey = (reference: string) => `missing:${reference}`;

/** `hubId`: this hub. */
export function drawingOf(graph: Graph, hubId: string): Drawing {
  const cycleOf = new Map(graph.cycles.flatMap((ids, index) => ids.map((id) => [id, index] as const)));
  const causes = new Set(graph.nodes.flatMap((node) => node.root_cause ?? []));
  const down = new Set(graph.nodes.filter((node) => node.status === "down").map((node) => node.id));
  const services: DrawnNode[] = graph.nodes.map((node) => ({
    key: String(node.id),
    name: node.name,
    project: node.project,
    type: node.type,
    status: node.status,
    ...(node.hub_id === hubId ? { id: node.id, hub_id: null } : { id: null, hub_id: node.hub_id }),
    is_cause: causes.has(node.id),
    causes: (node.root_cause ?? []).filter((id) => id !== node.id).map(String),
    in_cycle: cycleOf.has(node.id),
  }));
  const edges: DrawnEdge[] = graph.edges.map(({ from, to }) => ({
    from: String(from),
    to: String(to),
    kind: isCycle(cycleOf, from, to) ? "cycle" : down.has(from) && down.has(to) ? "outage" : "plain",
  }));
  const missing = graph.missing.map(({ from, to }): DrawnEdge => {
    return { from: String(from), to: missingKey(to), kind: "missing" };
  });
  return { nodes: [...services, ...missingNodes(graph)], edges: [...edges, ...missing] };
}

/** The kind of a line that stands for several edges. */
export function worstKind(kinds: readonly DrawnEdge["kind"][]): DrawnEdge["kind"] {
  return EDGE_KINDS.find((kind) => kinds.includes(kind)) ?? "plain";
}

function isCycle(cycleOf: ReadonlyMap<number, number>, from: number, to: number): boolean {
  return cycleOf.has(from) && cycleOf.get(from) === cycleOf.get(to);
}

function missingNodes(graph: Graph): DrawnNode[] {
  const references = [...new Set(graph.missing.map(({ to }) => to))];
  return references.map((reference) => {
    const [name = "", project = "", hub_id = null] = reference.split("/").reverse();
    const nothing = { id: null, hub_id, type: null, is_cause: false, causes: [], in_cycle: false };
    return { key: missingKey(reference), name, project, status: "missing", ...nothing };
  });
}

/** Returns the drawing without the services that have no edge. */
export function connected({ nodes, edges }: Drawing): Drawing {
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return { nodes: nodes.filter(({ key }) => joined.has(key)), edges };
}

/** Returns the services that are not up or that are in a cycle, and the services that need them directly. */
export function troubled({ nodes, edges }: Drawing): Drawing {
  const bad = new Set(nodes.filter((node) => node.status !== "up" || node.in_cycle).map(({ key }) => key));
  const shown = new Set([...bad, ...edges.filter(({ to }) => bad.has(to)).map(({ from }) => from)]);
  return {
    nodes: nodes.filter(({ key }) => shown.has(key)),
    edges: edges.filter(({ from, to }) => shown.has(from) && shown.has(to)),
  };
}

interface Cause {
  node: DrawnNode;
  /** The other services that are down because of `node`. */
  affected: DrawnNode[];
}

/** Returns the causes of outages. The cause that affects the most services is first. */
export function causesOf({ nodes }: Drawing): Cause[] {
  return nodes
    .filter((node) => node.is_cause)
    .map((node) => ({ node, affected: nodes.filter((each) => each.causes.includes(node.key)) }))
    .sort((a, b) => b.affected.length - a.affected.length);
}
