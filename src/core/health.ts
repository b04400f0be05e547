/** The health of a project or a hub, from how many of its enabled services have which status. */
import type { Health, Status } from "./records.ts";

/** The worst wins; nothing to judge by is `unknown`. */
export function overallHealth(counts: Record<Status, number>): Health {
  if (counts.down > 0) return "unhealthy";
  if (counts.degraded > 0) return "degraded";
  if (counts.unknown > 0 || counts.up === 0) return "unknown";
  return "healthy";
}
