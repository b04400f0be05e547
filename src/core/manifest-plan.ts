/** What a manifest changes: the project's services become exactly the wanted ones. */
import type { ServiceInput } from "./service-definition.ts";
import type { ServiceRow } from "./service-row.ts";

export interface ManifestPlan {
  create: ServiceInput[];
  update: { id: number; input: ServiceInput }[];
  /** Ids. */
  delete: number[];
  /** How many services stay as they are. */
  unchanged: number;
}

/** Services are matched by name; `wanted` holds each name once. */
export function planManifest(existing: readonly ServiceRow[], wanted: readonly ServiceInput[]): ManifestPlan {
  const byName = new Map(existing.map((row) => [row.name, row]));
  const plan: ManifestPlan = { create: [], update: [], delete: [], unchanged: 0 };
  for (const input of wanted) {
    const row = byName.get(input.name);
    byName.delete(input.name);
    if (row === undefined) plan.create.push(input);
    else if (matchesInput(row, input)) plan.unchanged += 1;
    else plan.update.push({ id: row.id, input });
  }
  plan.delete = [...byName.values()].map((row) => row.id);
  return plan;
}

/** True when storing `input` would change nothing; a version that the input does not name stays as probed. */
export function matchesInput(row: ServiceRow, input: ServiceInput): boolean {
  const { version, ...fields } = input;
  if (version !== undefined && version !== row.version) return false;
  return Object.entries(fields).every(([key, value]) => equalJson(row[key as keyof ServiceRow], value));
}

/** Equality of JSON values; the order of an object's keys does not count. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && equalJson(value, right.get(key)));
}
