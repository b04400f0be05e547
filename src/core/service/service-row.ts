/** Rows of the database: a service with its registration and its recorded status, and a project. Times in Unix ms. */

import { isProbedByHub } from "../methods/index.ts";
import type { Check } from "./check.ts";
import { MAX_PROBE_TIMEOUT_S, type ProjectStatus, type Status, type Stopper } from "./records.ts";
import { CHECK_FIELDS, type CheckField, pick, type ServiceDefinition } from "./service-definition.ts";
import type { JsonField } from "./unreadable.ts";

export interface ServiceRow extends ServiceDefinition {
  id: number;
  project_id: number;
  project: string;
  project_status: ProjectStatus;
  /** The lane that holds the service's state and its new history. */
  lane: number;
  /** The service's newest lanes, the current one first. Its history is in them. */
  lanes: number[];
  /** The life of the database that the row belongs to. */
  epoch: string;
  /** Rises with each change of the check, of whether it is watched or of the project's status. */
  rev: number;
  status: Status;
  status_since: number;
  /** `seq` of the newest flip that `status` includes. */
  flip_seq: number;
  /** It is disabled until then, Unix ms; null: it is not paused. */
  paused_until: number | null;
  /** When its container ended, Unix ms; null: it runs, or there is none. */
  gone_since: number | null;
  /** Why it ended, as its agent said; null: it runs, or nobody knows. */
  gone_reason: string | null;
  created_at: number;
  updated_at: number;
  /** Fields that could not be read, and are empty here. */
  unreadable: JsonField[];
}

export interface ProjectRow {
  id: number;
  name: string;
  status: ProjectStatus;
  /** The hub or a person stopped it; null: it runs. */
  stopped_by: Stopper | null;
  metadata: Record<string, unknown>;
  created_at: number;
  updated_at: number;
  /** Number of services, including disabled ones. */
  service_count: number;
  /** Number of enabled services by recorded status. */
  counts: Record<Status, number>;
}

export type CheckRow = Pick<
  ServiceRow,
  | CheckField
  | "id"
  | "project_id"
  | "project"
  | "epoch"
  | "rev"
  | "lane"
  | "lanes"
  | "status"
  | "status_since"
  | "flip_seq"
  | "version"
  | "unreadable"
>;

export function toCheck(row: CheckRow): Check {
  const { id, project_id, project, epoch, rev, lane, lanes, status, status_since, flip_seq, version } = row;
  const unreadable = row.unreadable.length === 0 ? {} : { unreadable: row.unreadable };
  const longest = isProbedByHub(row) ? MAX_PROBE_TIMEOUT_S : row.health_timeout; // once longer ones were allowed
  return {
    ...pick(row, CHECK_FIELDS),
    health_timeout: Math.min(row.health_timeout, longest),
    service_id: id,
    project_id,
    project,
    epoch,
    rev,
    lane,
    version,
    ...unreadable,
    former_lanes: lanes.filter((each) => each !== lane && each > 0),
    recorded_status: status,
    recorded_since: status_since,
    recorded_seq: flip_seq,
  };
}
