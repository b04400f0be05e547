/** Rounds outside the schedule: a check on demand, and a heartbeat that a service sends. */

import { MAX_DETAIL_CHARS, MAX_DETAILS } from "../core/agent/agent-protocol.ts";
import { onDemandTime } from "../core/lane/round.ts";
import type { Check } from "../core/service/check.ts";
import { type Heartbeat, HOME_VANTAGE, type Observation, type ObservationDetails } from "../core/service/records.ts";
import type { Outcome } from "../core/status/outcome.ts";
import { boundedErrorText } from "../core/values/error-text.ts";
import { depthWithin } from "../core/values/json-value.ts";
import { printable, printableWithin } from "../core/values/printable.ts";
import { type ProbeDeps, runRound } from "./probe.ts";

/** JSON.stringify is recursive, and the stack is limited. */
const MAX_DETAIL_DEPTH = 32;

/** Probes the service at once. Throws when it is not watched any more. */
export async function checkNow(check: Check, deps: ProbeDeps): Promise<Outcome> {
  const at = onDemandTime(deps.now());
  const message = {
    round: { lane: check.lane, due_at: at, attempt: 0 },
    vantage: HOME_VANTAGE,
    not_before: at,
    checks: [check],
  };
  const [outcome] = await runRound(message, { ...deps, watched: async (checks) => ({ checks, unsettled: new Set() }) });
  if (outcome === undefined) throw new Error("the service is not watched any more");
  return outcome;
}

/** Takes a heartbeat as an observation of the service. */
export async function takeHeartbeat(check: Check, beat: Heartbeat, deps: ProbeDeps): Promise<Outcome> {
  const observation = observationOf(beat, deps.now());
  return await checkNow(check, { ...deps, probe: async (_checks, _vantage, found) => found({ check, observation }) });
}

function observationOf({ status, details }: Heartbeat, at: number): Observation {
  const verdicts = { pass: "ok", warn: "warn", fail: "fail" } as const;
  const reported = typeof details.output === "string" ? details.output : `the service reports ${status}`;
  return {
    at,
    vantage: HOME_VANTAGE,
    verdict: verdicts[status],
    latency_ms: 0,
    error: status === "pass" ? null : boundedErrorText(`heartbeat: ${reported}`),
    details: flatDetails(details),
  };
}

/** Replaces each nested value by its JSON text, and bounds texts as those of agents are. */
function flatDetails(details: Record<string, unknown>): ObservationDetails {
  const flat: ObservationDetails = {};
  for (const [key, value] of Object.entries(details).slice(0, MAX_DETAILS)) {
    const isPlain = value === null || ["number", "boolean"].includes(typeof value);
    const kept = isPlain
      ? value
      : printableWithin(typeof value === "string" ? value : jsonText(value), MAX_DETAIL_CHARS);
    Object.defineProperty(flat, printable(key), { value: kept, enumerable: true });
  }
  return flat;
}

function jsonText(value: unknown): string {
  return depthWithin(value, MAX_DETAIL_DEPTH) ? JSON.stringify(value) : `nested deeper than ${MAX_DETAIL_DEPTH} levels`;
}
