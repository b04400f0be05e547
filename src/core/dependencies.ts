/** The graph of `depends_on`: what is missing, what goes in circles, and where an outage comes from. */

import type { ServiceType, Status } from "./records.ts";
import { components } from "./strongly-connected-components.ts";

export interface GraphService {
  id: number;
  project: string;
  name: string;
  type: ServiceType;
  status: Status;
  depends_on: readonly string[];
}

export interface GraphNode {
  id: number;
  project: string;
  name: string;
  status: Status;
  type: ServiceType;
  hub_id: string;
  /** Only of a node that is down: ids of what its outage comes from, itself when everything below it works. */
  root_cause?: number[];
}

export interface DependencyGraph {
  nodes: GraphNode[];
  /** `from` depends on `to`. */
  edges: { from: number; to: number }[];
  /** Dependencies that no registered service answers to; `to` is `project/name`. */
  missing: { from: number; to: string }[];
  /** Ids of services that depend on each other. */
  cycles: number[][];
}

/** Keeps the answer linear in the graph's size. */
export const MAX_ROOT_CAUSES = 20;

/** `project`: only its services and what they depend on, directly or not. Linear in services and dependencies. */
export function dependencyGraph(services: readonly GraphService[], hubId: string, project?: string): DependencyGraph {
  const { targets, missing } = resolve(services);
  const kept = project === undefined ? undefined : reachable(services, targets, project);
  const shown = (id: number) => kept === undefined || kept.has(id);
  const groups = components(
    services.map((service) => service.id),
    (id) => targets.get(id) ?? [],
  );
  const causes = rootCauses(services, groups, targets);
  return {
    nodes: services.filter(({ id }) => shown(id)).map((service) => node(service, hubId, causes.get(service.id))),
    edges: services
      .filter(({ id }) => shown(id))
      .flatMap(({ id }) => (targets.get(id) ?? []).map((to) => ({ from: id, to }))),
    missing: missing.filter(({ from }) => shown(from)),
    cycles: groups.filter((group) => isCycle(group, targets)).filter(([first]) => first !== undefined && shown(first)),
  };
}

function node(
  { id, project, name, status, type }: GraphService,
  hub_id: string,
  causes: number[] | undefined,
): GraphNode {
  const base = { id, project, name, status, type, hub_id };
  return status === "down" ? { ...base, root_cause: causes ?? [id] } : base;
}

type Targets = ReadonlyMap<number, number[]>;

function resolve(services: readonly GraphService[]): { targets: Targets; missing: DependencyGraph["missing"] } {
  const ids = new Map(services.map((service) => [`${service.project}/${service.name}`, service.id]));
  const targets = new Map<number, number[]>();
  const missing: DependencyGraph["missing"] = [];
  for (const { id, project, depends_on } of services) {
    const found = new Set<number>();
    for (const reference of new Set(depends_on.map((name) => (name.includes("/") ? name : `${project}/${name}`)))) {
      const to = ids.get(reference);
      if (to === undefined) missing.push({ from: id, to: reference });
      else found.add(to);
    }
    targets.set(id, [...found]);
  }
  return { targets, missing };
}

function reachable(services: readonly GraphService[], targets: Targets, project: string): Set<number> {
  const stack = services.filter((service) => service.project === project).map((service) => service.id);
  const seen = new Set(stack);
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    for (const to of targets.get(id) ?? []) {
      if (seen.has(to)) continue;
      seen.add(to);
      stack.push(to);
    }
  }
  return seen;
}

function isCycle(group: readonly number[], targets: Targets): boolean {
  const [first] = group;
  return group.length > 1 || (first !== undefined && (targets.get(first) ?? []).includes(first));
}

/** Groups come dependencies first, so that what lies below a group is known before it. */
function rootCauses(
  services: readonly GraphService[],
  groups: readonly number[][],
  targets: Targets,
): Map<number, number[]> {
  const down = new Set(services.filter((service) => service.status === "down").map((service) => service.id));
  const causes = new Map<number, number[]>();
  for (const group of groups) {
    const members = new Set(group);
    const below = new Set<number>();
    for (const to of group.flatMap((id) => targets.get(id) ?? [])) {
      if (members.has(to) || below.size >= MAX_ROOT_CAUSES) continue;
      for (const cause of causes.get(to) ?? []) below.add(cause);
    }
    const found = below.size > 0 ? [...below] : group.filter((id) => down.has(id));
    for (const id of group) causes.set(id, found.slice(0, MAX_ROOT_CAUSES));
  }
  return causes;
}
