/** The health of the hub itself, as `application/health+json` (draft-inadarei-api-health-check-06). */

import type { UnfitChecks } from "../service/unfit-checks.ts";
import { NO_ANSWER } from "./database-trouble.ts";

export const CHECK_STATUSES = ["pass", "warn", "fail"] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

/** When each step of the hub's pipeline last ran. Times in Unix ms; null: not since the board was loaded. */
export interface PipelineHealth {
  planned_at: number | null;
  probed_at: number | null;
  recorded_at: number | null;
  /** Number of messages that failed their last retry. */
  dead_letters: number;
  /** The loss that they stand for, in words for a person; absent: not known. */
  lost?: string | null;
  /** Shortest interval of the checks that the hub probes itself, in seconds; null or absent: none or unknown. */
  shortest_interval?: number | null;
  /** How many rounds are planned a day; absent: unknown. */
  rounds_a_day?: number;
  /** Checks whose options can't work as they are; absent: unknown. */
  unfit?: UnfitChecks;
}

export interface HubFacts {
  hub_id: string;
  version: string;
  /** Response time of the database in milliseconds; null: it did not respond. */
  database_ms: number | null;
  /** The trouble with the database, in plain words; absent: not known. */
  database_trouble?: string | undefined;
  /** Creation of the hub's oldest project, Unix ms. The planner has had work since then. null: there is no project. */
  watching_since: number | null;
  /** null: the live board did not respond. */
  pipeline: PipelineHealth | null;
  /** Checks of optional parts of a hub, such as NATS. */
  more: HubHealth["checks"];
}

export interface HealthCheck {
  componentType: "datastore" | "component" | "system";
  status: CheckStatus;
  time: string;
  observedValue?: number;
  observedUnit?: "ms" | "s" | "messages" | "bytes";
  output?: string;
}

export interface HubHealth {
  status: CheckStatus;
  version: string;
  serviceId: string;
  description: string;
  checks: Record<string, HealthCheck[]>;
}

/** A check of the hub's own health that does not pass. */
export interface Trouble {
  /** As in `HubHealth.checks`. */
  name: string;
  status: Exclude<CheckStatus, "pass">;
  output: string | null;
}

const DESCRIPTION = "CommandCenter Hub";
/**
 * The planner runs each minute. One lost tick is no reason for a warning. Ten minutes without a tick mean that nothing
 * is checked.
 */
const PLAN_WARN_S = 180;
const PLAN_FAIL_S = 600;
/** A round may wait for the next tick and in a queue, so short intervals need this minimum. */
const PROBE_WARN_MIN_S = 180;
const PROBE_WARN_INTERVALS = 3;
/** Outcomes wait in their queue while the database does not respond. */
const RECORD_LAG_WARN_S = 300;

export function hubHealth(facts: HubFacts, now: number): HubHealth {
  const checks: HubHealth["checks"] = { "database:responseTime": [databaseCheck(facts, now)] };
  if (facts.pipeline === null) {
    checks["board:state"] = [healthCheck("component", "fail", now, { output: "the live board does not answer" })];
  } else {
    Object.assign(checks, pipelineChecks(facts.pipeline, facts.watching_since, now));
  }
  Object.assign(checks, facts.more);
  return {
    status: worst(Object.values(checks).flat()),
    version: facts.version,
    serviceId: facts.hub_id,
    description: DESCRIPTION,
    checks,
  };
}

/** The health of a hub that can't begin, because its settings are wrong. It does not even know its id. */
export function settingsHealth(version: string, output: string, now: number): HubHealth {
  const checks = { "settings:values": [healthCheck("system", "fail", now, { output })] };
  return { status: "fail", version, serviceId: "unknown", description: DESCRIPTION, checks };
}

/** Of several checks of one name, the worst. */
export function troublesOf({ checks }: Pick<HubHealth, "checks">): Trouble[] {
  return Object.entries(checks).flatMap(([name, all]) => {
    const status = worst(all);
    if (status === "pass") return [];
    return [{ name, status, output: all.find((check) => check.status === status)?.output ?? null }];
  });
}

/** Returns the seconds since `at` (Unix ms), never negative; null when `at` is null. */
export function ageSeconds(at: number | null, now: number): number | null {
  return at === null ? null : Math.max(0, Math.round((now - at) / 1_000));
}

function databaseCheck({ database_ms: ms, database_trouble }: HubFacts, now: number): HealthCheck {
  return ms === null
    ? healthCheck("datastore", "fail", now, { output: database_trouble ?? NO_ANSWER })
    : healthCheck("datastore", "pass", now, { observedValue: ms, observedUnit: "ms" });
}

function pipelineChecks(pipeline: PipelineHealth, watchingSince: number | null, now: number): HubHealth["checks"] {
  const { planned_at, probed_at, recorded_at, dead_letters, lost = null } = pipeline;
  return {
    "queues:plannedAge": [ageCheck(planned_at, planStatus(planned_at ?? watchingSince, now), now)],
    "queues:probedAge": [ageCheck(probed_at, probeStatus(pipeline, now), now)],
    "queues:recordedAge": [ageCheck(recorded_at, recordStatus(pipeline), now)],
    "queues:deadLetters": [
      healthCheck("component", dead_letters > 0 ? "warn" : "pass", now, {
        observedValue: dead_letters,
        observedUnit: "messages",
        ...(lost === null ? {} : { output: lost }),
      }),
    ],
    ...unfitCheck(pipeline.unfit, now),
  };
}

function unfitCheck(unfit: UnfitChecks | undefined, now: number): HubHealth["checks"] {
  if (unfit === undefined || unfit.count === 0) return {};
  const more = unfit.count > unfit.first.length ? `; and ${unfit.count - unfit.first.length} more` : "";
  const output = `checks that can't work as they are: ${unfit.first.join("; ")}${more}`;
  return { "checks:options": [healthCheck("component", "warn", now, { observedValue: unfit.count, output })] };
}

/** `since`: time of the last plan. If there was no plan yet, it is the time since which there was something to plan. */
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

function ageCheck(at: number | null, status: CheckStatus, now: number): HealthCheck {
  const seconds = ageSeconds(at, now);
  return seconds === null
    ? healthCheck("component", status, now, { output: "none yet" })
    : healthCheck("component", status, now, { observedValue: seconds, observedUnit: "s" });
}

/** `output` is a text for a person; absent when there is nothing to say. `now`: Unix ms. */
export function healthCheck(
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
