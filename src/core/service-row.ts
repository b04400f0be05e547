/** A service as the database has it: what is registered, and the status as recorded. Times in Unix ms. */
import type { HealthOptions } from "./options.ts";
import type { Check, HealthMethod, ProjectStatus, ServiceType, Status } from "./records.ts";

export interface ServiceRow {
  id: number;
  project_id: number;
  project: string;
  project_status: ProjectStatus;
  name: string;
  service_type: ServiceType;
  health_method: HealthMethod;
  health_url: string;
  /** Seconds. */
  health_interval: number;
  /** Seconds. */
  health_timeout: number;
  health_retries: number;
  health_options: HealthOptions;
  /** Where its state and its new history lie. */
  lane: number;
  /** The newest lanes it was in, the current one first: its history lies there. */
  lanes: number[];
  /** Rises with each change of the check, of `enabled` or of the project's state. */
  rev: number;
  status: Status;
  status_since: number;
  /** The newest flip that `status` includes. */
  flip_seq: number;
  version: string | null;
  port: number | null;
  container_id: string | null;
  agent: string | null;
  tags: string[];
  capabilities: string[];
  metadata: Record<string, unknown>;
  depends_on: string[];
  enabled: boolean;
  created_at: number;
  updated_at: number;
}

export interface ProjectRow {
  id: number;
  name: string;
  status: ProjectStatus;
  metadata: Record<string, unknown>;
  created_at: number;
  updated_at: number;
  /** Disabled ones included. */
  service_count: number;
  /** Enabled services by recorded status. */
  counts: Record<Status, number>;
}

export type CheckRow = Pick<
  ServiceRow,
  Extract<keyof Check, keyof ServiceRow> | "id" | "lanes" | "status" | "status_since" | "flip_seq"
>;

export function toCheck(row: CheckRow): Check {
  return {
    service_id: row.id,
    project_id: row.project_id,
    project: row.project,
    name: row.name,
    service_type: row.service_type,
    health_method: row.health_method,
    health_url: row.health_url,
    health_interval: row.health_interval,
    health_timeout: row.health_timeout,
    health_retries: row.health_retries,
    health_options: row.health_options,
    rev: row.rev,
    lane: row.lane,
    former_lanes: row.lanes.filter((lane) => lane !== row.lane && lane > 0),
    recorded_status: row.status,
    recorded_since: row.status_since,
    recorded_seq: row.flip_seq,
    version: row.version,
  };
}
