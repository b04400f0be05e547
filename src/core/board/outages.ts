/** Groups what is broken now by its cause, so that a person knows what to look at first. */

import type { Status } from "../service/records.ts";
import type { DependencyGraph } from "./dependencies.ts";

/** The state of a service in the graph. */
export interface Trouble {
  /** Start of the status, Unix ms; null: not known, because it is a service of another hub. */
  since: number | null;
  error: string | null;
}

export interface TroubledService {
  /** null: it is a service of another hub. */
  id: number | null;
  hub_id: string;
  project: string;
  name: string;
  status: Status;
  /** False: nobody checks it any more, and it was down before. */
  watched: boolean;
  /** ISO 8601; null: not known. */
  since: string | null;
  error: string | null;
}

export interface Outage {
  cause: TroubledService;
  /** Those that are down because of the cause, at most MAX_AFFECTED, in the order in which they fell. */
  affected: TroubledService[];
  affected_count: number;
}

export interface Outages {
  /** The causes that take along the most come first. */
  outages: Outage[];
  /** Number of outages, of which `outages` has the first MAX_OUTAGES. */
  outage_count: number;
  /** Services that work badly, at most MAX_OUTAGES. */
  degraded: TroubledService[];
  degraded_count: number;
}

export const MAX_OUTAGES = 50;
export const MAX_AFFECTED = 50;

/** `troubleOf`: of a node that is down or degraded. */
export function outagesOf({ nodes }: DependencyGraph, hubId: string, troubleOf: (id: number) => Trouble): Outages {
  const found = new Map(nodes.map((node) => [node.id, troubled(node, hubId, troubleOf)]));
  const byCause = new Map<number, number[]>();
  for (const { id, root_cause = [] } of nodes) {
    for (const cause of root_cause) {
      const ids = byCause.get(cause) ?? [];
      byCause.set(cause, ids);
      if (cause !== id) ids.push(id);
    }
  }
  const outages = [...byCause].flatMap(([id, ids]): Outage[] => {
    const cause = found.get(id);
    if (cause === undefined) return [];
    const affected = ids.flatMap((each) => found.get(each) ?? []).sort(byTime);
    return [{ cause, affected: affected.slice(0, MAX_AFFECTED), affected_count: affected.length }];
  });
  outages.sort((a, b) => b.affected_count - a.affected_count || byTime(a.cause, b.cause));
  const degraded = nodes.filter(({ status }) => status === "degraded").flatMap(({ id }) => found.get(id) ?? []);
  return {
    outages: outages.slice(0, MAX_OUTAGES),
    outage_count: outages.length,
    degraded: degraded.sort(byTime).slice(0, MAX_OUTAGES),
    degraded_count: degraded.length,
  };
}

function troubled(
  { id, hub_id, project, name, status, watched }: DependencyGraph["nodes"][number],
  hubId: string,
  troubleOf: (id: number) => Trouble,
): TroubledService {
  const { since, error } = troubleOf(id);
  return {
    id: hub_id === hubId ? id : null,
    hub_id,
    project,
    name,
    status,
    watched: watched !== false,
    error,
    since: since === null ? null : new Date(since).toISOString(),
  };
}

/** The earliest outage comes first. */
function byTime(a: TroubledService, b: TroubledService): number {
  return order(a.since ?? "~", b.since ?? "~") || order(a.name, b.name);
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
