/** A service as the database has it: what is registered, and the status as recorded. Times in Unix ms. */
import type { Check } from "./check.ts";
import type { ProjectStatus, Status } from "./records.ts";
import { CHECK_FIELDS, type CheckField, pick, type ServiceDefinition } from "./service-definition.ts";

export interface ServiceRow extends ServiceDefinition {
  id: number;
  project_id: number;
  project: string;
  project_status: ProjectStatus;
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
  | CheckField
  | "id"
  | "project_id"
  | "project"
  | "rev"
  | "lane"
  | "lanes"
  | "status"
  | "status_since"
  | "flip_seq"
  | "version"
>;

export function toCheck(row: CheckRow): Check {
  const { id, project_id, project, rev, lane, lanes, status, status_since, flip_seq, version } = row;
  return {
    ...pick(row, CHECK_FIELDS),
    ...{ service_id: id, project_id, project, rev, lane, version },
    former_lanes: lanes.filter((each) => each !== lane && each > 0),
    recorded_status: status,
    recorded_since: status_since,
    recorded_seq: flip_seq,
  };
}
