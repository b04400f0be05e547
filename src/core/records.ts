/**
 * The records that cross a boundary (HTTP, queue, database, object) and the few
 * types that describe a check's life. Snake case: a row is the wire shape.
 */

export const STATUSES = ["unknown", "up", "degraded", "down"] as const;
export type Status = (typeof STATUSES)[number];

export const HEALTHS = ["healthy", "degraded", "unhealthy", "unknown"] as const;
export type Health = (typeof HEALTHS)[number];

export const SERVICE_TYPES = ["database", "cache", "api", "web", "queue", "worker", "other"] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

export const HEALTH_METHODS = ["http", "tcp", "redis", "postgres", "exec", "heartbeat"] as const;
export type HealthMethod = (typeof HEALTH_METHODS)[number];

/** Methods that the hub itself probes on a schedule; the others are reported to it. */
export const PROBED_METHODS = ["http", "tcp", "redis", "postgres"] as const;
export type ProbedMethod = (typeof PROBED_METHODS)[number];

export function isProbed(method: HealthMethod): method is ProbedMethod {
  return (PROBED_METHODS as readonly string[]).includes(method);
}

/**
 * What a probe found. `ok`: passed; `warn`: passed and says itself that it is degraded; `fail`: failed;
 * `unprobeable`: can't be checked from here; `inconclusive`: the hub itself could not see.
 */
export const VERDICTS = ["fail", "ok", "warn", "unprobeable", "inconclusive"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The vantage of the queue consumer, where scheduled rounds run. */
export const HOME_VANTAGE = "home";

/** What a probe learned beside its verdict; absent means "was not told". */
export interface ObservationDetails {
  version?: string;
  /** Seconds. */
  uptime?: number;
  endpoints_healthy?: number;
  endpoints_total?: number;
  [key: string]: string | number | boolean | null | undefined;
}

export interface Observation {
  /** Start of the probe, Unix ms. */
  at: number;
  vantage: string;
  verdict: Verdict;
  /** Milliseconds from the start of the probe to its verdict; null when nothing answered. */
  latency_ms: number | null;
  /** `what: why`, for a person; null when all is well. */
  error: string | null;
  details: ObservationDetails;
}

/** What a service reports of itself. */
export interface Heartbeat {
  status: "pass" | "warn" | "fail";
  details: Record<string, unknown>;
}

/** One attempt of a failing streak, as evidence for a flip. Times ISO 8601 on the wire. */
export interface Attempt {
  at: string;
  vantage: string;
  ok: boolean;
  latency_ms: number | null;
  error: string | null;
}

/** A change of status. Times are ISO 8601 UTC; `began_at` is the first failing check of an outage. */
export interface Flip {
  /** Rises by one with each flip of the service. */
  seq: number;
  service_id: number;
  from: Status;
  to: Status;
  reason: string;
  at: string;
  began_at: string;
  evidence: Attempt[];
}

/** Names one execution of a lane. `(lane, due_at, attempt)` is the key of its history row. */
export interface Round {
  lane: number;
  /** When the round is due, or when it was asked for or reported, Unix ms. */
  due_at: number;
  /** 0: scheduled; k: the k-th retry of what failed. */
  attempt: number;
}

/** When and how a failed check is tried again. */
export interface Retry {
  attempt: number;
  delay_ms: number;
  vantage: string;
}

export type Breaker = "closed" | "open";

/** The latest state of a service, as the live board holds it and as one outcome carries it. Times in Unix ms. */
export interface LiveState {
  status: Status;
  /** Start of the current status. */
  since: number;
  last_at: number | null;
  latency_ms: number | null;
  error: string | null;
  details: ObservationDetails;
  consecutive_failures: number;
  flapping: boolean;
  /** Vantages that can't see the service while another one does. */
  unseen_from: string[];
  /** The newest flip that this state includes. */
  flip_seq: number;
}

/** What a lane's monitor makes of one observation. */
export interface Judgement {
  live: LiveState;
  /** Flips later than the check's `recorded_seq`, oldest first. */
  flips: Flip[];
  retry: Retry | null;
  /** The version to write when it differs from the one known. */
  version: string | null;
}

/** Observation + resulting state (+ flips that the database may lack) of one check in a round. */
export interface Outcome extends Judgement {
  service_id: number;
  observation: Observation;
}

/** A flip with the words that outside readers need. */
export interface RecordedFlip extends Flip {
  project_id: number;
  project: string;
  name: string;
  service_type: ServiceType;
  version: string | null;
  latency_ms: number | null;
}

export type ProjectStatus = "running" | "stopped";

export interface Project {
  id: number;
  name: string;
  status: ProjectStatus;
  health: Health;
  service_count: number;
  metadata: Record<string, unknown>;
  created_at: string;
  updated_at: string;
}
