/** The changes of one request, as the audit log names them. */

import type { ServiceChange } from "../board/registry-change.ts";
import { FIELD_NAMES, type ServiceDefinition } from "../service/service-definition.ts";
import type { ServiceRow } from "../service/service-row.ts";

export const AUDIT_ACTIONS = [
  ...(["service.created", "service.updated", "service.deleted"] as const),
  ...(["project.created", "project.updated", "project.deleted", "project.started", "project.stopped"] as const),
  ...(["key.created", "key.revoked", "session.begun", "session.refused"] as const),
  ...(["agent.created", "agent.removed"] as const),
  ...(["hub.joined", "hub.registered", "hub.approved", "hub.removed", "hub.left", "hub_key.rotated"] as const),
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Of more targets the first ones are named, and all are counted. */
const MAX_TARGETS = 50;

export interface AuditEntry {
  action: AuditAction;
  /** Names: `project/name` of a service. */
  targets: string[];
  count: number;
  /** Names of the fields that were changed. */
  fields: string[];
}

/** Collects what one request does. What it does many times is one entry. */
export class AuditTrail {
  readonly #entries = new Map<AuditAction, { targets: string[]; count: number; fields: Set<string> }>();

  note(action: AuditAction, target: string, fields: readonly string[] = [], count = 1): void {
    const entry = this.#entries.get(action) ?? { targets: [], count: 0, fields: new Set<string>() };
    this.#entries.set(action, entry);
    entry.count += count;
    if (entry.targets.length < MAX_TARGETS) entry.targets.push(target);
    for (const field of fields) entry.fields.add(field);
  }

  noteServices(changes: readonly ServiceChange[]): void {
    for (const { before, after } of changes) {
      const row = after ?? before;
      if (row === null) continue;
      const target = `${row.project}/${row.name}`;
      if (before === null) this.note("service.created", target);
      else if (after === null) this.note("service.deleted", target);
      else this.#noteUpdate(target, changedFields(before, after));
    }
  }

  #noteUpdate(target: string, fields: readonly string[]): void {
    if (fields.length > 0) this.note("service.updated", target, fields);
  }

  /** Returns the entries that were noted since the last call. */
  take(): AuditEntry[] {
    const entries = [...this.#entries].map(([action, entry]) => ({ action, ...entry, fields: [...entry.fields] }));
    this.#entries.clear();
    return entries;
  }
}

function changedFields(before: ServiceRow, after: ServiceRow): string[] {
  const differs = (field: keyof ServiceDefinition | "paused_until" | "gone_since") =>
    JSON.stringify(before[field]) !== JSON.stringify(after[field]);
  return [...FIELD_NAMES, "paused_until" as const, "gone_since" as const].filter(differs);
}
