/** Reads services with their live states, and announces changes of the registry. */
import type { LiveState } from "../core/records.ts";
import { registryChange, type ServiceChange } from "../core/registry-change.ts";
import type { ServiceRow } from "../core/service-row.ts";
import { toService } from "../core/service-view.ts";
import { type ShownService, shownService } from "../core/shown-service.ts";
import { missingAgents } from "../store/agents.ts";
import { listServices, type ServiceFilter } from "../store/services.ts";
import type { HubContext } from "./context.ts";

const PAGE = 1_000;

/** Returns all services that match the filter; the database returns them in pages. */
export async function allServices(hub: HubContext, filter: ServiceFilter): Promise<ServiceRow[]> {
  const all: ServiceRow[] = [];
  for (let after: number | undefined; ; after = all.at(-1)?.id) {
    const { rows } = await listServices(hub.db, filter, { limit: PAGE, after, total: 0 }); // nobody asks how many
    all.push(...rows);
    if (rows.length < PAGE) return all;
  }
}

export async function liveStates(hub: HubContext, rows: readonly ServiceRow[]): Promise<Map<number, LiveState>> {
  return rows.length === 0 ? new Map() : await hub.live(rows.map((row) => row.id));
}

/** `mayWrite`: whether the caller may change services, and so sees all of them. */
export async function toServices(
  hub: HubContext,
  rows: readonly ServiceRow[],
  mayWrite: boolean,
): Promise<ShownService[]> {
  const [live, hasAgent] = await Promise.all([liveStates(hub, rows), agentsOf(hub, rows)]);
  return rows.map((row) => shownService(toService(row, live.get(row.id) ?? null, hub.now(), hasAgent(row)), mayWrite));
}

/** Returns whether the agent that a service names is set up. A service without an agent needs none. */
export async function agentsOf(hub: HubContext, rows: readonly ServiceRow[]): Promise<(row: ServiceRow) => boolean> {
  const missing = await missingAgents(
    hub.db,
    rows.flatMap(({ agent }) => agent ?? []),
  );
  return ({ agent }) => agent === null || !missing.has(agent);
}

/** `mayWrite`: see toServices. */
export async function oneService(hub: HubContext, row: ServiceRow, mayWrite: boolean): Promise<ShownService> {
  const [service] = await toServices(hub, [row], mayWrite);
  if (service === undefined) throw new Error("one row makes one service");
  return service;
}

/** The caller has stored the changes. Does nothing when no watched service changed. */
export async function announce(hub: HubContext, changes: readonly ServiceChange[]): Promise<void> {
  hub.audit.noteServices(changes);
  const change = registryChange(changes);
  if (change !== null) await hub.registryChanged(change);
}
