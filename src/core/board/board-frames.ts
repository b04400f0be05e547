/** The events of the board, as its watchers hear of them. */

import type { LiveState } from "../service/records.ts";
import type { RecordedFlip } from "../status/recorded-flip.ts";
import type { BoardEntry } from "./board-entry.ts";
import type { FlipBody, HealthUpdate, ProjectLite, ServiceLite } from "./live-protocol.ts";

interface Part<T> {
  service_id: number;
  project_id: number;
  body: T;
}

/**
 * A message to the watchers. It is split in parts of one service each, because some watchers want only a few services.
 */
export type BoardFrame =
  | { type: "health"; parts: Part<HealthUpdate>[] }
  | { type: "flip"; parts: [Part<FlipBody>] }
  | { type: "registered" | "deregistered"; parts: [Part<ServiceLite>] }
  | { type: "project"; parts: [Part<ProjectLite>] };

/** A watcher of one service hears nothing of projects. */
const NO_SERVICE = 0;

export function healthFrame(services: readonly { id: number; project_id: number; live: LiveState }[]): BoardFrame {
  const parts = services.map(({ id, project_id, live: { status, latency_ms, last_at } }) => {
    const body = { id, status, latency_ms, at: last_at === null ? null : new Date(last_at).toISOString() };
    return { service_id: id, project_id, body };
  });
  return { type: "health", parts };
}

export function flipFrame(flip: RecordedFlip): BoardFrame {
  const { seq: flip_seq, epoch: _, ...body } = flip;
  const { service_id, project_id } = flip;
  return { type: "flip", parts: [{ service_id, project_id, body: { ...body, flip_seq } }] };
}

export function entryFrame(type: "registered" | "deregistered", entry: BoardEntry): BoardFrame {
  const { service_id, project_id } = entry.check;
  return { type, parts: [{ service_id, project_id, body: serviceLite(entry) }] };
}

/** A project was started or stopped. */
export function projectFrame(project: ProjectLite): BoardFrame {
  return { type: "project", parts: [{ service_id: NO_SERVICE, project_id: project.id, body: project }] };
}

/** Returns a service in the form that snapshots and announcements of a socket show. */
export function serviceLite({ check, live }: BoardEntry): ServiceLite {
  return {
    id: check.service_id,
    project_id: check.project_id,
    project: check.project,
    name: check.name,
    type: check.service_type,
    status: live.status,
    since: new Date(live.since).toISOString(),
    last_health_check: live.last_at === null ? null : new Date(live.last_at).toISOString(),
    latency_ms: live.latency_ms,
    flapping: live.flapping,
  };
}
