/** The plan of a dry run, with the changed fields of each service. */
import type { ManifestEntry } from "../../core/service/manifest-export.ts";

export interface Plan {
  create: string[];
  update: string[];
  delete: string[];
  unchanged: number;
}

export interface FieldChange {
  field: string;
  /** Null when the field is absent. `after` uses null in the same way. */
  before: string | null;
  after: string | null;
}

export interface ServiceChange {
  kind: "create" | "update" | "delete";
  name: string;
  fields: FieldChange[];
}

/** `before`: the current entries of the manifest. `after`: the wanted entries. */
export function serviceChanges(
  plan: Plan,
  before: readonly ManifestEntry[],
  after: readonly ManifestEntry[],
): ServiceChange[] {
  const old = new Map(before.map((entry) => [entry.name, entry]));
  const wanted = new Map(after.map((entry) => [entry.name, entry]));
  const changes = (kind: ServiceChange["kind"]) => (name: string) => {
    return { kind, name, fields: fieldChanges(old.get(name) ?? {}, wanted.get(name) ?? {}) };
  };
  return [
    ...plan.delete.map(changes("delete")),
    ...plan.update.map(changes("update")),
    ...plan.create.map(changes("create")),
  ];
}

function fieldChanges(before: Record<string, unknown>, after: Record<string, unknown>): FieldChange[] {
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((field) => field !== "name");
  return fields
    .map((field) => ({ field, before: valueText(before[field]), after: valueText(after[field]) }))
    .filter((change) => change.before !== change.after);
}

function valueText(value: unknown): string | null {
  if (value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Returns the entries of a parsed manifest. Ignores all other content; the hub refuses wrong content. */
export function entriesOf(manifest: unknown): ManifestEntry[] {
  if (typeof manifest !== "object" || manifest === null || !("services" in manifest)) return [];
  return Array.isArray(manifest.services) ? manifest.services.filter(isEntry) : [];
}

function isEntry(value: unknown): value is ManifestEntry {
  return typeof value === "object" && value !== null && "name" in value && typeof value.name === "string";
}
