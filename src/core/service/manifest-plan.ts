/** Computes the changes that make a project's services equal to those of a manifest. */
import type { ServiceInput } from "./service-definition.ts";
import type { ServiceRow } from "./service-row.ts";

export interface ManifestPlan {
  create: ServiceInput[];
  update: { id: number; input: ServiceInput }[];
  /** Ids of the services to delete. */
  delete: number[];
  /** Number of services that stay as they are. */
  unchanged: number;
}

/** Services are matched by name. `wanted` must have each name only once. */
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

/** Whether storing `input` would change nothing. A version that `input` leaves out does not count. */
export function matchesInput(row: ServiceRow, input: ServiceInput): boolean {
  const { version, ...fields } = input;
  if (version !== undefined && version !== row.version) return false;
  if (row.unreadable.some((field) => field in input)) return false;
  return Object.entries(fields).every(([key, value]) => equalJson(row[key as keyof ServiceRow], value));
}

/** Whether two JSON values are equal. The order of an object's keys does not count. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  const right = new Map(Object.entries(b).filter(([, value]) => value !== undefined));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && equalJson(value, right.get(key)));
}
