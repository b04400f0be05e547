/** A service as the pages show it: its live state from the feed, with details from the API. */
import type { ServiceLite } from "../../core/board/live-protocol.ts";
import type { HealthMethod } from "../../core/methods/index.ts";
import type { ProjectStatus, ServiceType, Status } from "../../core/service/records.ts";
import type { Past } from "./past.ts";

/** Details that only the API has; the feed does not send them. */
interface Listed {
  method: HealthMethod;
  url: string;
  /** Seconds. */
  interval: number;
  agent: string | null;
  /** Whether it is checked: it is enabled, its project runs and, if it is in a container, the container runs. */
  enabled: boolean;
  /** Whether its project is stopped. */
  stopped: boolean;
  /** Unix ms; null: it is not disabled for a while only. */
  paused_until: number | null;
  /** Whether its container has ended. */
  gone: boolean;
  tags: string[];
  error: string | null;
  version: string | null;
}

/** Times are in Unix ms. A row is immutable: a change makes a new row. */
export interface ServiceRow {
  id: number;
  project_id: number;
  project: string;
  name: string;
  type: ServiceType;
  status: Status;
  since: number;
  last_at: number | null;
  latency_ms: number | null;
  flapping: boolean;
  /** Null until the API has returned the details. */
  listed: Listed | null;
  /** The last checks; null until the API has returned them. */
  past: Past | null;
}

/** The fields of the API's `Service` that a row needs. */
export interface ServiceOfList {
  id: number;
  project_id: number;
  project: string;
  project_status: ProjectStatus;
  name: string;
  service_type: ServiceType;
  health_method: HealthMethod;
  health_url: string;
  health_interval: number;
  agent: string | null;
  health_status: Status;
  status_since: string;
  last_health_check: string | null;
  health_details: { latency_ms: number | null; error: string | null };
  flapping: boolean;
  version: string | null;
  tags: string[];
  enabled: boolean;
  gone_since: string | null;
  paused_until: string | null;
}

export function rowOfLite(lite: ServiceLite, known: ServiceRow | undefined): ServiceRow {
  const { since, last_health_check, ...same } = lite;
  const { listed = null, past = null } = known ?? {};
  return { ...same, since: Date.parse(since), last_at: timeOf(last_health_check), listed, past };
}

/** Keeps the state in `known` when the feed sent it after the check that the API returned. */
export function rowOfListed(service: ServiceOfList, known: ServiceRow | undefined): ServiceRow {
  const listed = listedOf(service);
  const { id, project_id, project, name, service_type: type, health_status: status, flapping } = service;
  const last_at = timeOf(service.last_health_check);
  const isOlder = known !== undefined && listed.enabled && (known.last_at ?? 0) > (last_at ?? 0);
  if (isOlder) return { ...known, project, name, type, listed };
  const since = Date.parse(service.status_since);
  return {
    id,
    project_id,
    project,
    name,
    type,
    status,
    since,
    last_at,
    flapping,
    listed,
    past: known?.past ?? null,
    latency_ms: service.health_details.latency_ms,
  };
}

function listedOf(service: ServiceOfList): Listed {
  const stopped = service.project_status === "stopped";
  return {
    method: service.health_method,
    url: service.health_url,
    interval: service.health_interval,
    agent: service.agent,
    enabled: service.enabled && service.gone_since === null && !stopped,
    stopped,
    paused_until: timeOf(service.paused_until),
    gone: service.enabled && service.gone_since !== null,
    tags: service.tags,
    error: service.health_details.error,
    version: service.version,
  };
}

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
