/** What the rest of the hub must hear of after the registry changed. */
import type { ServiceRow } from "./service-row.ts";
import { isWatched } from "./service-view.ts";

export interface RegistryChange {
  /** New, changed or started again: to be checked from now on. */
  registered: ServiceRow[];
  /** Stopped or disabled; or deleted, watched before or not, so that nothing of it remains anywhere. */
  deregistered: { row: ServiceRow; deleted: boolean }[];
  /** Ids among `registered` that are new or started again: these are announced. */
  created: number[];
}

/** A service before and after a change; null: it did not exist, or does not any more. */
export interface ServiceChange {
  before: ServiceRow | null;
  after: ServiceRow | null;
}

/** Null when nobody needs to know: nothing was deleted, and nothing that changed is or was watched. */
export function registryChange(changes: readonly ServiceChange[]): RegistryChange | null {
  const change: RegistryChange = { registered: [], deregistered: [], created: [] };
  for (const { before, after } of changes) {
    const watched = before !== null && isWatched(before);
    if (after !== null && isWatched(after)) {
      change.registered.push(after);
      if (!watched) change.created.push(after.id);
    } else if (after === null && before !== null) {
      change.deregistered.push({ row: before, deleted: true });
    } else if (after !== null && watched) {
      change.deregistered.push({ row: after, deleted: false });
    }
  }
  return change.registered.length + change.deregistered.length === 0 ? null : change;
}
