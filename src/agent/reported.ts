/** An observation in the form and within the bounds that the hub takes. What a target says must not make it refused. */
import {
  MAX_DETAIL_CHARS,
  MAX_DETAIL_NAME_CHARS,
  MAX_DETAILS,
  type ReportedObservation,
} from "../core/agent/agent-protocol.ts";
import type { Check } from "../core/service/check.ts";
import type { Observation, ObservationDetails, Round } from "../core/service/records.ts";
import { boundedErrorText } from "../core/values/error-text.ts";
import { printableWithin } from "../core/values/printable.ts";

type Observed = Omit<ReportedObservation, "service_id" | "rev" | "due_at" | "attempt">;

export function reported(
  { service_id, rev }: Pick<Check, "service_id" | "rev">,
  { due_at, attempt }: Pick<Round, "due_at" | "attempt">,
  observation: Observation,
): ReportedObservation {
  return { service_id, rev, due_at, attempt, ...observed(observation) };
}

/** The observation alone, without its place in a schedule. */
export function observed({ at, verdict, latency_ms, error, details }: Observation): Observed {
  return {
    at: Math.round(at),
    verdict,
    latency_ms: latency_ms === null ? null : Math.max(0, latency_ms), // the hub's clock may have been set meanwhile
    error: error === null ? null : boundedErrorText(error),
    details: boundedDetails(details),
  };
}

function boundedDetails(details: ObservationDetails): ReportedObservation["details"] {
  const bounded: ReportedObservation["details"] = {};
  for (const [name, value] of Object.entries(details).slice(0, MAX_DETAILS)) {
    const isNumberless = typeof value === "number" && !Number.isFinite(value);
    if (value === undefined || isNumberless || name.length > MAX_DETAIL_NAME_CHARS) continue;
    const kept = typeof value === "string" ? printableWithin(value, MAX_DETAIL_CHARS) : value;
    Object.defineProperty(bounded, name, { value: kept, enumerable: true });
  }
  return bounded;
}
