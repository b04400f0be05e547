/** Computes the health of a project or a hub from the number of its enabled services in each status. */
import type { Health, Status } from "./records.ts";

/** The worst status decides. The health is `unknown` when there are no services. */
export function overallHealth(counts: Record<Status, number>): Health {
  if (counts.down > 0) return "unhealthy";
  if (counts.degraded > 0) return "degraded";
  if (counts.unknown > 0 || counts.up === 0) return "unknown";
  return "healthy";
}
