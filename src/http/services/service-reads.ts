/** Reads services with their live states, and announces changes of the registry. */

import { registryChange, type ServiceChange } from "../../core/board/registry-change.ts";
import { toService } from "../../core/board/service-view.ts";
import { type ShownService, shownService } from "../../core/board/shown-service.ts";
import type { LiveState } from "../../core/service/records.ts";
import type { ServiceRow } from "../../core/service/service-row.ts";
import { missingAgents } from "../../store/registry/agents.ts";
import type { HubContext } from "../context.ts";

export async function liveStates(hub: HubContext, rows: readonly { id: number }[]): Promise<Map<number, LiveState>> {
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
