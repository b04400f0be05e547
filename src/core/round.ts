/** How a round is packed into one history row, and a flip dressed for outside readers. */
import {
  type Check,
  type Flip,
  type ObservationDetails,
  type Outcome,
  type RecordedFlip,
  type RoundResult,
  STATUSES,
  VERDICTS,
} from "./records.ts";

/** The version has its own column, so only what else was told stays in the row. */
export function roundResult(outcome: Outcome, knownVersion: string | null): RoundResult {
  const { observation, live } = outcome;
  return [
    outcome.service_id,
    VERDICTS.indexOf(observation.verdict),
    STATUSES.indexOf(live.status),
    observation.latency_ms,
    observation.error ?? (observation.verdict === "ok" && live.status === "degraded" ? live.error : null),
    extraOf(observation.details, outcome.version ?? knownVersion),
  ];
}

function extraOf({ version, ...rest }: ObservationDetails, recordedVersion: string | null): ObservationDetails | null {
  const extra = version === undefined || version === recordedVersion ? rest : { version, ...rest };
  return Object.keys(extra).length === 0 ? null : extra;
}

export function recordedFlip(flip: Flip, check: Check, outcome: Pick<Outcome, "live" | "version">): RecordedFlip {
  return {
    ...flip,
    project_id: check.project_id,
    project: check.project,
    name: check.name,
    service_type: check.service_type,
    version: outcome.version ?? check.version,
    latency_ms: outcome.live.latency_ms,
  };
}
