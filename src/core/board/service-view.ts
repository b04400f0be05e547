/** Services in the form that the API returns: the stored row with the live state. */

import type { Breaker, LiveState, ProjectStatus, Status } from "../service/records.ts";
import { FIELD_NAMES, pick, type ServiceDefinition } from "../service/service-definition.ts";
import type { ServiceRow } from "../service/service-row.ts";
import { isJudgeable, UNJUDGED } from "../service/unreadable.ts";
import { breakerOf, isStale } from "../status/breaker.ts";

/** A service as the API returns it. Times are ISO 8601 UTC. */
export interface Service extends ServiceDefinition {
  id: number;
  project_id: number;
  project: string;
  project_status: ProjectStatus;
  health_status: Status;
  status_since: string;
  last_health_check: string | null;
  consecutive_failures: number;
  health_details: { latency_ms: number | null; error: string | null; version: string | null; [key: string]: unknown };
  flapping: boolean;
  breaker: Breaker;
  stale: boolean;
  paused_until: string | null;
  gone_since: string | null;
  created_at: string;
  updated_at: string;
}

/** The current state of a service. Times in Unix ms. */
export interface CurrentState {
  status: Status;
  since: number;
  last_at: number | null;
  latency_ms: number | null;
  error: string | null;
  details: Record<string, unknown>;
  consecutive_failures: number;
  flapping: boolean;
  unseen_from: string[];
  breaker: Breaker;
  stale: boolean;
}

/** The columns of a service that its current state depends on. */
export const stateFields = [
  ...(["enabled", "gone_since", "gone_reason", "status", "status_since", "flip_seq"] as const),
  ...(["health_interval", "agent", "updated_at"] as const),
] as const;

export type StateRow = Pick<ServiceRow, (typeof stateFields)[number] | "project_status" | "unreadable">;

/** Whether the service is checked. Disabled services, those of stopped projects and ended containers are not. */
export function isWatched(row: Pick<ServiceRow, "enabled" | "gone_since" | "project_status">): boolean {
  return row.enabled && row.gone_since === null && row.project_status === "running";
}

/**
 * Uses the live state, unless the database has a newer flip. A service that is not watched is `unknown` since its last
 * change, and so is one whose check can't be judged as it is stored. `live`: null when the board does not know the
 * service. `now`: Unix ms. `hasAgent`: false when nobody has set up the agent that the service names, or somebody
 * removed it, so that nothing more can be heard; the status stays until its silence is noticed.
 */
export function currentState(row: StateRow, live: LiveState | null, now: number, hasAgent = true): CurrentState {
  const reason = reasonUnjudged(row);
  if (reason !== null) {
    const since = row.status === "unknown" ? row.status_since : row.updated_at;
    const last_at = live?.last_at ?? null;
    return { ...UNWATCHED, unseen_from: [], details: {}, status: "unknown", since, last_at, ...reason };
  }
  const newest = live !== null && live.flip_seq >= row.flip_seq;
  const status = newest ? live.status : row.status;
  const since = newest ? live.since : row.status_since;
  const breaker = breakerOf(status, since, row.health_interval, now);
  return {
    status,
    since,
    last_at: live?.last_at ?? null,
    latency_ms: live?.latency_ms ?? null,
    error: !hasAgent ? `no agent ${row.agent} is set up on this hub` : (live?.error ?? null),
    details: live?.details ?? {},
    consecutive_failures: live?.consecutive_failures ?? 0,
    flapping: live?.flapping ?? false,
    unseen_from: live?.unseen_from ?? [],
    breaker,
    stale: isStale(live?.last_at ?? null, Math.max(since, row.updated_at), row, { status, since }, now),
  };
}

/** Returns what to say of a service that has no status, or whose status says nothing; null: it has one. */
function reasonUnjudged(row: StateRow): Pick<CurrentState, "error"> | null {
  if (isWatched(row)) return isJudgeable(row) ? null : { error: UNJUDGED };
  if (!row.enabled || row.gone_since === null) return { error: null };
  return { error: `its container does not run${row.gone_reason === null ? "" : `: ${row.gone_reason}`}` };
}

const UNWATCHED = {
  latency_ms: null,
  consecutive_failures: 0,
  flapping: false,
  breaker: "closed",
  stale: false,
} as const;

/** As for currentState. */
export function toService(row: ServiceRow, live: LiveState | null, now: number, hasAgent = true): Service {
  const state = currentState(row, live, now, hasAgent);
  return {
    ...pick(row, FIELD_NAMES),
    id: row.id,
    project_id: row.project_id,
    project: row.project,
    project_status: row.project_status,
    health_status: state.status,
    status_since: iso(state.since),
    last_health_check: state.last_at === null ? null : iso(state.last_at),
    consecutive_failures: state.consecutive_failures,
    health_details: healthDetails(state, row.version),
    flapping: state.flapping,
    breaker: state.breaker,
    stale: state.stale,
    paused_until: row.paused_until === null ? null : iso(row.paused_until),
    gone_since: row.gone_since === null ? null : iso(row.gone_since),
    version: reportedVersion(state) ?? row.version,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
  };
}

export function healthDetails(state: CurrentState, version: string | null): Service["health_details"] {
  const unseen = state.unseen_from.length === 0 ? {} : { unseen_from: state.unseen_from };
  return {
    ...state.details,
    ...unseen,
    latency_ms: state.latency_ms,
    version: reportedVersion(state) ?? version,
    error: state.error,
  };
}

/** Returns how many seconds the service has been running without a break; 0 when it is not running. `now`: Unix ms. */
export function uptimeSeconds(state: CurrentState, now: number): number {
  const running = state.status === "up" || state.status === "degraded";
  return running ? Math.max(0, Math.floor((now - state.since) / 1_000)) : 0;
}

function reportedVersion(state: CurrentState): string | null {
  return typeof state.details.version === "string" ? state.details.version : null;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
