/** Projects in the form that the API returns. */
import { overallHealth } from "./health.ts";
import type { Health, Project, ProjectStatus, Status } from "./records.ts";
import type { ProjectRow } from "./service-row.ts";

/** The health of a stopped project is `unknown`, whatever the status of its services was. */
export function projectHealth(status: ProjectStatus, counts: Record<Status, number>): Health {
  return status === "stopped" ? "unknown" : overallHealth(counts);
}

export function toProject(row: ProjectRow): Project {
  return {
    id: row.id,
    name: row.name,
    status: row.status,
    health: projectHealth(row.status, row.counts),
    service_count: row.service_count,
    metadata: row.metadata,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  };
}
