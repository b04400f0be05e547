/** Builders for core's records. */

import type { Check } from "../../src/core/service/check.ts";
import type { Observation, Round } from "../../src/core/service/records.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";

export const T0 = Date.parse("2026-11-05T10:00:00.000Z");

export function aCheck(over: Partial<Check> = {}): Check {
  return {
    service_id: 7,
    project_id: 1,
    project: "shop",
    epoch: "",
    name: "api",
    service_type: "api",
    health_method: "http",
    health_url: "http://api.example.com/health",
    health_interval: 30,
    health_timeout: 5,
    health_retries: 3,
    recover_after: 1,
    health_options: {},
    agent: null,
    rev: 1,
    lane: 3_000_000,
    former_lanes: [],
    recorded_status: "unknown",
    recorded_since: T0 - 1_000,
    recorded_seq: 0,
    version: null,
    ...over,
  };
}

export function anObservation(over: Partial<Observation> = {}): Observation {
  return { at: T0, vantage: "home", verdict: "ok", latency_ms: 12, error: null, details: {}, ...over };
}

export function aFailure(over: Partial<Observation> = {}): Observation {
  return anObservation({ verdict: "fail", latency_ms: null, error: "connect: refused", ...over });
}

export function aRound(over: Partial<Round> = {}): Round {
  return { lane: 3_000_000, due_at: T0, attempt: 0, ...over };
}

export function aRecordedFlip(over: Partial<RecordedFlip> = {}): RecordedFlip {
  const at = new Date(T0).toISOString();
  return {
    seq: 1,
    service_id: 7,
    project_id: 1,
    project: "shop",
    name: "api",
    service_type: "api",
    epoch: "",
    version: null,
    latency_ms: null,
    from: "unknown",
    to: "up",
    reason: "first check",
    at,
    began_at: at,
    evidence: [],
    ...over,
  };
}

/** Options of a service whose answers count as quick on a busy machine too. */
export const NEVER_SLOW = { degraded_above_ms: 0 };
