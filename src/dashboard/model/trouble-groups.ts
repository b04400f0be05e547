/** Groups the services that need attention by what broke them. */
import type { Outages } from "../api/queries.ts";
import type { ServiceRow } from "../live/service-row.ts";
import { nameOf } from "./outage-sentence.ts";

export interface TroubleGroup {
  /** Name of the cause. */
  cause: string;
  /** null: the cause is a service of another hub. */
  row: ServiceRow | null;
  affected: ServiceRow[];
  /** Including those that are not in `affected`. */
  affected_count: number;
}

export interface Trouble {
  /** Only causes that took other services along. */
  groups: TroubleGroup[];
  /** In the order of `rows`. */
  rest: ServiceRow[];
}

/** `rows`: services that are down or degraded. `outages`: undefined until they are loaded. */
export function troubleGroups(rows: readonly ServiceRow[], outages: Outages | undefined): Trouble {
  const left = new Map(rows.map((row) => [row.id, row]));
  const take = (id: number | null): ServiceRow | null => {
    const row = id === null ? undefined : left.get(id);
    if (row !== undefined) left.delete(row.id);
    return row ?? null;
  };
  const groups = (outages?.outages ?? []).flatMap(({ cause, affected, affected_count }): TroubleGroup[] => {
    if (affected_count === 0) return [];
    const row = take(cause.id);
    const victims = affected.flatMap(({ id }) => take(id) ?? []);
    return victims.length === 0 ? [] : [{ cause: nameOf(cause), row, affected: victims, affected_count }];
  });
  const grouped = new Set(groups.flatMap(({ row, affected }) => [...(row === null ? [] : [row]), ...affected]));
  return { groups, rest: rows.filter((row) => !grouped.has(row)) };
}
