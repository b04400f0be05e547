/** How a service is probed: all that a prober and a lane's monitor need, as it travels in a queue message. */
import type { Observation, Status } from "./records.ts";
import type { CheckField, ServiceDefinition } from "./service-definition.ts";

export interface Check extends Pick<ServiceDefinition, CheckField> {
  service_id: number;
  project_id: number;
  project: string;
  /** Revision of this configuration; a monitor drops observations made under an older one. */
  rev: number;
  /** Names the LaneMonitor that keeps its state. */
  lane: number;
  /** The lanes it was in before, newest first: its state may still lie in one of them. */
  former_lanes: number[];
  /** The status that the database has: where a monitor that knows nothing of the service begins. */
  recorded_status: Status;
  /** Start of the recorded status, Unix ms. */
  recorded_since: number;
  /** The last flip that the database has; the monitor hands over all later ones. */
  recorded_seq: number;
  /** The version that the database has, so that only a change is written. */
  version: string | null;
}

export interface DueCheck extends Check {
  /** Milliseconds after the round's `not_before` at which this check starts; absent: at once. */
  after_ms?: number | undefined;
}

/** What a probe found of one check. */
export interface Finding {
  check: Check;
  observation: Observation;
}
