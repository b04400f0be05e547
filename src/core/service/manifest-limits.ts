/** How large a project may be: as large as a manifest can bring back. */
import type { FieldError } from "../values/fields.ts";
import type { ManifestPlan } from "./manifest-plan.ts";

/** However the services come in: one by one, by a manifest or by an agent. */
export const MAX_PROJECT_SERVICES = 1_000;
/** A manifest of that many services in JSON, with 4 KiB for each. */
export const MAX_MANIFEST_BYTES = MAX_PROJECT_SERVICES * 4_096;
/** The parser of YAML takes hundreds of times the memory of its text, and a Worker has 128 MB. */
export const MAX_YAML_BYTES = 256 * 1_024;

/** Says why the project takes no further service; null: it has room. */
export function fullness(project: { name: string; service_count: number }): string | null {
  if (project.service_count < MAX_PROJECT_SERVICES) return null;
  return `the project ${project.name} has ${project.service_count} services; a project may have at most ${MAX_PROJECT_SERVICES}`;
}

/** Splits off those new services of the plan for which a project of `existing` services has no room. */
export function withinLimit<P extends ManifestPlan>(plan: P, existing: number): { plan: P; tooMany: string[] } {
  const room = Math.max(0, MAX_PROJECT_SERVICES - existing + plan.delete.length);
  const tooMany = plan.create.slice(room).map(({ name }) => name);
  return { plan: { ...plan, create: plan.create.slice(0, room) }, tooMany };
}

/** Counts before the services are read one by one, because a body may have a million. `body`: a parsed manifest. */
export function countErrors(body: unknown): FieldError[] {
  if (typeof body !== "object" || body === null || !("services" in body) || !Array.isArray(body.services)) return [];
  const count = body.services.length;
  if (count <= MAX_PROJECT_SERVICES) return [];
  return [{ path: "services", message: `expected at most ${MAX_PROJECT_SERVICES} services, not ${count}` }];
}
