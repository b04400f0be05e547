/** A check: everything that a prober and a lane's monitor need to know of a service. Queue messages contain it. */

import type { Observation, Status } from "./records.ts";
import type { CheckField, ServiceDefinition } from "./service-definition.ts";
import type { JsonField } from "./unreadable.ts";

export interface Check extends Pick<ServiceDefinition, CheckField> {
  service_id: number;
  project_id: number;
  project: string;
  /** The life of the database that `service_id` and `rev` belong to. */
  epoch: string;
  /** Revision of this configuration. A monitor drops observations that were made under an older revision. */
  rev: number;
  /** The lane of the service. It names the LaneMonitor that keeps the service's state. */
  lane: number;
  /** Earlier lanes of the service, newest first. Its state may still be in one of them. */
  former_lanes: number[];
  /** The status in the database. A monitor that has no state of the service starts with it. */
  recorded_status: Status;
  /** Start of the recorded status, Unix ms. */
  recorded_since: number;
  /** `seq` of the newest flip in the database. The monitor returns all later flips. */
  recorded_seq: number;
  /** The version in the database. Only a different version is written. */
  version: string | null;
  /** Fields that could not be read in the database, and are empty here; absent: none. */
  unreadable?: readonly JsonField[];
}

export interface DueCheck extends Check {
  /** Milliseconds from the round's `not_before` to the start of this check; absent: no delay. */
  after_ms?: number | undefined;
}

/** A check with the observation that its probe made. */
export interface Finding {
  check: Check;
  observation: Observation;
}
