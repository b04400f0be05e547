/** Answers for containers on an agent that has no engine. */
import type { Observation } from "../../core/service/records.ts";

const WORDS = "container: this agent follows no containers: it has no engine, or runs with --no-docker";

export function withoutEngine(at: number, vantage: string): Observation {
  return { at, vantage, verdict: "unprobeable", latency_ms: null, error: WORDS, details: {} };
}
