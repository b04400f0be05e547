/** The graph of `depends_on`: its missing services, its cycles and the root causes of outages. */

import type { ServiceType, Status } from "../service/records.ts";
import { components } from "../values/strongly-connected-components.ts";

export interface GraphService {
  /** Unique in the graph. Services of other hubs have negative numbers, because their ids are other hubs' own. */
  id: number;
  hub_id: string;
  project: string;
  name: string;
  type: ServiceType;
  status: Status;
  /**
   * Present when nobody watches it: its status before that. One that was down then is still the cause of what it took
   * along.
   */
  left_as?: Status;
  depends_on: readonly string[];
}

export interface GraphNode {
  /** A service of another hub has a negative number, which is valid in this answer only. */
  id: number;
  project: string;
  name: string;
  status: Status;
  type: ServiceType;
  hub_id: string;
  /** Absent: it is watched. */
  watched?: false;
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
  /** Dependencies on services that are not known. `to` is `project/name`, or `hub/project/name` for another hub. */
  missing: { from: number; to: string }[];
  /** Groups of ids of services that depend on each other. */
  cycles: number[][];
}

/** Largest number of root causes of a node. It keeps the size of the response linear in the size of the graph. */
export const MAX_ROOT_CAUSES = 20;

/**
 * Returns the place that a name in `depends_on` means. A short name means the same project, or the same hub, as the
 * service that has it.
 */
export function placeOf(reference: string, { hub_id, project }: { hub_id: string; project: string }): Place {
  const [name = "", itsProject = project, hub = hub_id] = reference.split("/").reverse();
  return [hub, itsProject, name];
}

/** `[hub_id, project, name]` */
export type Place = [string, string, string];

/**
 * `hubId`: this hub. `project`: include only its services and their direct and indirect dependencies. The run time is
 * linear in services and dependencies.
 */
export function dependencyGraph(services: readonly GraphService[], hubId: string, project?: string): DependencyGraph {
  const { targets, missing } = resolve(services, hubId);
  const kept = project === undefined ? undefined : reachable(services, targets, hubId, project);
  const shown = (id: number) => kept === undefined || kept.has(id);
  const groups = components(
    services.map((service) => service.id),
    (id) => targets.get(id) ?? [],
  );
  const causes = rootCauses(services, groups, targets);
  return {
    nodes: services.filter(({ id }) => shown(id)).map((service) => node(service, causes.get(service.id))),
    edges: services
      .filter(({ id }) => shown(id))
      .flatMap(({ id }) => (targets.get(id) ?? []).map((to) => ({ from: id, to }))),
    missing: missing.filter(({ from }) => shown(from)),
    cycles: groups.filter((group) => isCycle(group, targets)).filter(([first]) => first !== undefined && shown(first)),
  };
}

function node(service: GraphService, causes: number[] | undefined): GraphNode {
  const { id, hub_id, project, name, status, type, left_as } = service;
  const base = {
    id,
    project,
    name,
    status,
    type,
    hub_id,
    ...(left_as === undefined ? {} : { watched: false as const }),
  };
  return status === "down" ? { ...base, root_cause: causes ?? [id] } : base;
}

type Targets = ReadonlyMap<number, number[]>;

function resolve(
  services: readonly GraphService[],
  hubId: string,
): { targets: Targets; missing: DependencyGraph["missing"] } {
  const ids = new Map(
    services.map((service) => [placeKey([service.hub_id, service.project, service.name]), service.id]),
  );
  const targets = new Map<number, number[]>();
  const missing: DependencyGraph["missing"] = [];
  for (const service of services) {
    const dependencies = new Set<number>();
    for (const key of new Set(service.depends_on.map((name) => placeKey(placeOf(name, service))))) {
      const to = ids.get(key);
      if (to !== undefined) dependencies.add(to);
      else missing.push({ from: service.id, to: key.startsWith(`${hubId}/`) ? key.slice(hubId.length + 1) : key });
    }
    targets.set(service.id, [...dependencies]);
  }
  return { targets, missing };
}

const placeKey = (place: Place): string => place.join("/");

function reachable(services: readonly GraphService[], targets: Targets, hubId: string, project: string): Set<number> {
  const isStart = (service: GraphService) => service.project === project && service.hub_id === hubId;
  const stack = services.filter(isStart).map((service) => service.id);
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
  const down = new Set(services.filter(({ status, left_as }) => (left_as ?? status) === "down").map(({ id }) => id));
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
