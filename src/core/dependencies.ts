/** The graph of `depends_on`: its missing services, its cycles and the root causes of outages. */

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
  /**
   * Only for a node that is down: ids of the services that caused the outage. It is the node's own id when all its
   * dependencies work.
   */
  root_cause?: number[];
}

export interface DependencyGraph {
  nodes: GraphNode[];
  /** `from` depends on `to`. */
  edges: { from: number; to: number }[];
  /** Dependencies on services that are not registered. `to` is `project/name`. */
  missing: { from: number; to: string }[];
  /** Groups of ids of services that depend on each other. */
  cycles: number[][];
}

/** Largest number of root causes of a node. It keeps the size of the response linear in the size of the graph. */
export const MAX_ROOT_CAUSES = 20;

/**
 * `project`: include only its services and their direct and indirect dependencies. The run time is linear in services
 * and dependencies.
 */
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
    const dependencies = new Set<number>();
    for (const reference of new Set(depends_on.map((name) => (name.includes("/") ? name : `${project}/${name}`)))) {
      const to = ids.get(reference);
      if (to === undefined) missing.push({ from: id, to: reference });
      else dependencies.add(to);
    }
    targets.set(id, [...dependencies]);
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

/** `groups` lists dependencies first, so the causes of a group's dependencies are known before the group. */
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
    const groupCauses = below.size > 0 ? [...below] : group.filter((id) => down.has(id));
    for (const id of group) causes.set(id, groupCauses.slice(0, MAX_ROOT_CAUSES));
  }
  return causes;
}
