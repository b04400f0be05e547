/** The changes of the registry that other parts of the hub need to know. */
import type { Check } from "../service/check.ts";
import type { ServiceRow } from "../service/service-row.ts";
import { isWatched } from "./service-view.ts";

export interface RegistryChange {
  /** Services that are new, changed or started again. The hub checks them from now on. */
  registered: ServiceRow[];
  /**
   * Services that are stopped or disabled. Also deleted services, even if they were not watched, so that their data is
   * removed everywhere.
   */
  deregistered: { row: ServiceRow; deleted: boolean }[];
  /** Ids of the services in `registered` that are new or started again. */
  created: number[];
  /** Ids of those in `registered` that are new, started again or checked in another way. The hub checks these at once. */
  revised: number[];
}

/** A service that the hub stops watching. */
export interface Closing {
  check: Check;
  reason: string;
  /** Whether only a tombstone of the service remains in its lane. */
  deleted: boolean;
}

/** A service before and after a change; null: it does not exist at that time. */
export interface ServiceChange {
  before: ServiceRow | null;
  after: ServiceRow | null;
}

/** Returns null when no other part needs the change: nothing was deleted, and no changed service is or was watched. */
export function registryChange(changes: readonly ServiceChange[]): RegistryChange | null {
  const change: RegistryChange = { registered: [], deregistered: [], created: [], revised: [] };
  for (const { before, after } of changes) {
    const watched = before !== null && isWatched(before);
    if (after !== null && isWatched(after)) {
      change.registered.push(after);
      if (!watched) change.created.push(after.id);
      if (!watched || before.rev !== after.rev) change.revised.push(after.id);
    } else if (after === null && before !== null) {
      change.deregistered.push({ row: before, deleted: true });
    } else if (after !== null && watched) {
      change.deregistered.push({ row: after, deleted: false });
    }
  }
  return change.registered.length + change.deregistered.length === 0 ? null : change;
}

/** A service that changed after a revision of the registry. */
export interface ChangedService {
  service_id: number;
  revision: number;
  /** When the service was changed by somebody or deleted, Unix ms. */
  at: number;
  /** null: the service is deleted. */
  row: ServiceRow | null;
  /** Where a deleted service was; null: it exists, or an older release deleted it. */
  left: { lane: number; rev: number } | null;
}
