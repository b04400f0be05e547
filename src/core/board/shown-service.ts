/**
 * Decides which part of a service is shown to whom. The options of a check and the query of a target often hold a key or a token, so
 * only who may change a service sees them.
 */
import type { ServicePatch } from "../service/registration.ts";
import type { Service } from "./service-view.ts";

/** A service, with the names of the fields that are not shown as they are. */
export interface ShownService extends Service {
  hidden: string[];
}

export function shownService(service: Service, mayWrite: boolean): ShownService {
  if (mayWrite) return { ...service, hidden: [] };
  const options = Object.entries(service.health_options);
  const plain = options.filter(([, value]) => isPlain(value));
  const hidden = options.filter(([, value]) => !isPlain(value)).map(([name]) => `health_options.${name}`);
  const health_url = shownTarget(service.health_url);
  return {
    ...service,
    health_options: Object.fromEntries(plain),
    health_url,
    hidden: health_url === service.health_url ? hidden : [...hidden, "health_url"],
  };
}

/** The fields that decide where the texts of a check go. */
const WHERE_FIELDS = ["health_method", "health_url", "health_options", "agent", "container_id"] as const;

/**
 * Returns the fields with hidden values that a service would keep while a patch decides anew where they go. Whoever may
 * change a service without seeing all of it would otherwise have them sent to a target of their own.
 */
export function keptHidden(
  { health_url, health_options }: Pick<Service, "health_url" | "health_options">,
  patch: ServicePatch,
): ("health_url" | "health_options")[] {
  if (WHERE_FIELDS.every((field) => patch[field] === undefined)) return [];
  const hidden = {
    health_url: shownTarget(health_url) !== health_url,
    health_options: Object.values(health_options).some((value) => !isPlain(value)),
  };
  return (["health_url", "health_options"] as const).filter((field) => hidden[field] && patch[field] === undefined);
}

/** Limits and switches say how a service is judged, and can't be secrets. */
function isPlain(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

/** Without user, query and fragment. */
function shownTarget(target: string): string {
  return target.replace(/[?#].*$/s, "?…").replace(/\/\/[^/?#@]*@/, "//…@");
}
