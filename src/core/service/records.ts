/**
 * The records that HTTP, queues, the database and objects exchange, and the types that describe a check's life. Their
 * fields are in snake case, because a row has the same form as its JSON.
 */

export const STATUSES = ["unknown", "up", "degraded", "down"] as const;
export type Status = (typeof STATUSES)[number];

export const HEALTHS = ["healthy", "degraded", "unhealthy", "unknown"] as const;
export type Health = (typeof HEALTHS)[number];

export const SERVICE_TYPES = ["database", "cache", "api", "web", "queue", "worker", "other"] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/**
 * The result of a check. `ok`: passed. `warn`: passed, but the service reports itself degraded. `fail`: failed.
 * `unprobeable`: the hub can't check this target. `inconclusive`: the hub's own network did not work.
 */
export const VERDICTS = ["fail", "ok", "warn", "unprobeable", "inconclusive"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The vantage of the queue consumer. The hub's scheduled rounds run there. */
export const HOME_VANTAGE = "home";

/** No location hint has a colon. */
const AGENT_PREFIX = "agent:";

/** The vantage of an agent. */
export function agentVantage(agent: string): string {
  return `${AGENT_PREFIX}${agent}`;
}

/** Returns the agent of a vantage; null: the vantage is home or a region. */
export function agentOf(vantage: string): string | null {
  return vantage.startsWith(AGENT_PREFIX) ? vantage.slice(AGENT_PREFIX.length) : null;
}

/** The vantage of a check's scheduled rounds. Response times are judged by what it sees. */
export function homeOf({ agent }: { agent: string | null }): string {
  return agent === null ? HOME_VANTAGE : agentVantage(agent);
}

/** A round of 24 checks, three at a time, must end within the 15 minutes that a consumer has. Seconds. */
export const MAX_PROBE_TIMEOUT_S = 60;

/** The facts that a probe found in addition to its verdict. An absent field was not reported. */
export interface ObservationDetails {
  version?: string;
  /** Seconds. */
  uptime?: number;
  endpoints_healthy?: number;
  endpoints_total?: number;
  /** The observer itself stood still for so long while it looked that its `latency_ms` would say nothing. */
  late_ms?: number;
  [key: string]: string | number | boolean | null | undefined;
}

export interface Observation {
  /** Start of the probe, Unix ms. */
  at: number;
  vantage: string;
  verdict: Verdict;
  /** Milliseconds from the start of the probe to its verdict; null: the target sent no response. */
  latency_ms: number | null;
  /** `what: why`, a text for a person; null: nothing is wrong. */
  error: string | null;
  details: ObservationDetails;
}

/** The result that a service reports about itself. */
export interface Heartbeat {
  status: "pass" | "warn" | "fail";
  details: Record<string, unknown>;
}

/** Identifies one execution of a lane. `(lane, due_at, attempt)` is the key of its history row. */
export interface Round {
  lane: number;
  /** Time at which the round is due, or at which a check on demand or a heartbeat came, Unix ms. */
  due_at: number;
  /** 0: the scheduled round; k: the k-th retry of its failed checks. */
  attempt: number;
}

/** When and from where a failed check is tried again. */
export interface Retry {
  attempt: number;
  delay_ms: number;
  vantage: string;
}

export type Breaker = "closed" | "open";

/** The latest state of a service, on the live board and in outcomes. Times in Unix ms. */
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
  /** Vantages that can't reach the service while another vantage can. */
  unseen_from: string[];
  /** `seq` of the newest flip that this state includes. */
  flip_seq: number;
}

export const PROJECT_STATUSES = ["running", "stopped"] as const;
export type ProjectStatus = (typeof PROJECT_STATUSES)[number];
/** A project is stopped by the hub with its last container, or by a person. */
export const STOPPERS = ["hub", "person"] as const;
export type Stopper = (typeof STOPPERS)[number];

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
