/** The hub's own health, as `application/health+json` (draft-inadarei-api-health-check-06). */
import type { BridgeStatus } from "./nats-health.ts";

export type CheckStatus = "pass" | "warn" | "fail";

/** What the hub knows of its own pipeline. Times in Unix ms; null: not since the hub's state was made. */
export interface PipelineHealth {
  planned_at: number | null;
  probed_at: number | null;
  recorded_at: number | null;
  /** Messages given up by the queues. */
  dead_letters: number;
  /** Seconds; of the checks that the hub probes itself; null or absent: there are none, or it is not known. */
  shortest_interval?: number | null;
  /** null: no NATS is set up. */
  nats: BridgeStatus | null;
}

export interface HubFacts {
  hub_id: string;
  version: string;
  /** Milliseconds that the database took to answer; null: it did not. */
  database_ms: number | null;
  /** Creation of the hub's oldest project, Unix ms: from then on there was something to plan. null: nothing yet. */
  watching_since: number | null;
  /** null: the live board did not answer. */
  pipeline: PipelineHealth | null;
}

export interface HealthCheck {
  componentType: "datastore" | "component" | "system";
  status: CheckStatus;
  time: string;
  observedValue?: number;
  observedUnit?: "ms" | "s" | "messages";
  output?: string;
}

export interface HubHealth {
  status: CheckStatus;
  version: string;
  serviceId: string;
  description: string;
  checks: Record<string, HealthCheck[]>;
}

/** The planner runs each minute: one lost tick is forgiven, ten minutes without any means that nothing is checked. */
const PLAN_WARN_S = 180;
const PLAN_FAIL_S = 600;
/** A round may wait for the next tick and in a queue. */
const PROBE_WARN_MIN_S = 180;
const PROBE_WARN_INTERVALS = 3;
/** Outcomes wait in their queue while the database is away. */
const RECORD_LAG_WARN_S = 300;
const OUTBOX_WARN_S = 60;
const DROPPED_WARN_MS = 86_400_000;

export function hubHealth(facts: HubFacts, now: number): HubHealth {
  const checks: HubHealth["checks"] = { "database:responseTime": [databaseCheck(facts.database_ms, now)] };
  if (facts.pipeline === null) {
    checks["board:state"] = [check("component", "fail", now, { output: "the live board does not answer" })];
  } else {
    Object.assign(checks, pipelineChecks(facts.pipeline, facts.watching_since, now));
  }
  return {
    status: worst(Object.values(checks).flat()),
    version: facts.version,
    serviceId: facts.hub_id,
    description: "CommandCenter Hub",
    checks,
  };
}

/** Seconds since `at`, never negative; null when there was no such time. */
export function ageSeconds(at: number | null, now: number): number | null {
  return at === null ? null : Math.max(0, Math.round((now - at) / 1_000));
}

function databaseCheck(ms: number | null, now: number): HealthCheck {
  return ms === null
    ? check("datastore", "fail", now, { output: "the database does not answer" })
    : check("datastore", "pass", now, { observedValue: ms, observedUnit: "ms" });
}

function pipelineChecks(pipeline: PipelineHealth, watchingSince: number | null, now: number): HubHealth["checks"] {
  const { planned_at, probed_at, recorded_at, dead_letters, nats } = pipeline;
  const checks: HubHealth["checks"] = {
    "queues:plannedAge": [age(planned_at, planStatus(planned_at ?? watchingSince, now), now)],
    "queues:probedAge": [age(probed_at, probeStatus(pipeline, now), now)],
    "queues:recordedAge": [age(recorded_at, recordStatus(pipeline), now)],
    "queues:deadLetters": [
      check("component", dead_letters > 0 ? "warn" : "pass", now, {
        observedValue: dead_letters,
        observedUnit: "messages",
      }),
    ],
  };
  if (nats !== null) {
    checks["nats:connection"] = [connectionCheck(nats, now)];
    checks["nats:outbox"] = [outboxCheck(nats, now)];
  }
  return checks;
}

/** Without a plan yet, its age counts from when there was something to plan. */
function planStatus(since: number | null, now: number): CheckStatus {
  const seconds = ageSeconds(since, now) ?? 0;
  if (seconds > PLAN_FAIL_S) return "fail";
  return seconds > PLAN_WARN_S ? "warn" : "pass";
}

function probeStatus({ probed_at, shortest_interval }: PipelineHealth, now: number): CheckStatus {
  const seconds = ageSeconds(probed_at, now);
  if (seconds === null || shortest_interval === undefined || shortest_interval === null) return "pass";
  return seconds > Math.max(PROBE_WARN_MIN_S, PROBE_WARN_INTERVALS * shortest_interval) ? "warn" : "pass";
}

function recordStatus({ probed_at, recorded_at }: PipelineHealth): CheckStatus {
  if (probed_at === null || recorded_at === null) return "pass";
  return probed_at - recorded_at > RECORD_LAG_WARN_S * 1_000 ? "warn" : "pass";
}

/** A hub without its NATS still checks and answers: that is a warning. */
function connectionCheck({ connected, reason }: BridgeStatus, now: number): HealthCheck {
  const output = reason ?? (connected ? null : "not connected yet");
  return check("component", output === null ? "pass" : "warn", now, output === null ? {} : { output });
}

/** A full outbox loses events, which nothing brings back. */
function outboxCheck(nats: BridgeStatus, now: number): HealthCheck {
  const depth = { observedValue: nats.outbox_depth, observedUnit: "messages" as const };
  if (nats.outbox_full) {
    const output = `the outbox is full: the oldest events are dropped, ${nats.dropped} so far`;
    return check("component", "fail", now, { ...depth, output });
  }
  if (nats.dropped_at !== null && now - nats.dropped_at < DROPPED_WARN_MS) {
    const output = `${nats.dropped} events were dropped, the last at ${new Date(nats.dropped_at).toISOString()}`;
    return check("component", "warn", now, { ...depth, output });
  }
  const waiting = ageSeconds(nats.oldest_event_at, now) ?? 0;
  if (waiting <= OUTBOX_WARN_S) return check("component", "pass", now, depth);
  return check("component", "warn", now, { ...depth, output: `the oldest event has been waiting for ${waiting} s` });
}

function age(at: number | null, status: CheckStatus, now: number): HealthCheck {
  const seconds = ageSeconds(at, now);
  return seconds === null
    ? check("component", status, now, { output: "none yet" })
    : check("component", status, now, { observedValue: seconds, observedUnit: "s" });
}

function check(
  componentType: HealthCheck["componentType"],
  status: CheckStatus,
  now: number,
  rest: Pick<HealthCheck, "observedValue" | "observedUnit" | "output">,
): HealthCheck {
  return { componentType, status, time: new Date(now).toISOString(), ...rest };
}

function worst(checks: readonly HealthCheck[]): CheckStatus {
  if (checks.some((each) => each.status === "fail")) return "fail";
  return checks.some((each) => each.status === "warn") ? "warn" : "pass";
}
