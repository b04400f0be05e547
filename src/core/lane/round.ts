/** Packs a round into one history row, and adds to a flip what readers outside the hub need. */

import type { Check } from "../service/check.ts";
import {
  HOME_VANTAGE,
  type Observation,
  type ObservationDetails,
  STATUSES,
  type Status,
  VERDICTS,
  type Verdict,
} from "../service/records.ts";
import type { Judgement, Outcome } from "../status/outcome.ts";
import type { Flip, RecordedFlip } from "../status/recorded-flip.ts";
import { chunksBySize, jsonBytes, MAX_MESSAGE_BYTES } from "../values/chunks.ts";
import type { OutcomesMessage, RoundResult } from "./queue-messages.ts";
import { DUE_STEP_MS } from "./schedule.ts";

/** Packs one outcome. A version that the database already has is left out of the details. */
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

/** Packs an observation that came too late for the state machine. The status is what it says by itself. */
export function lateResult(serviceId: number, observation: Observation): RoundResult {
  const { verdict, latency_ms, error, details } = observation;
  return [
    serviceId,
    VERDICTS.indexOf(verdict),
    STATUSES.indexOf(STATUS_OF_VERDICT[verdict]),
    latency_ms,
    error,
    extraOf(details, null),
  ];
}

const STATUS_OF_VERDICT: Record<Verdict, Status> = {
  ok: "up",
  warn: "degraded",
  fail: "down",
  unprobeable: "unknown",
  inconclusive: "unknown",
};

function extraOf({ version, ...rest }: ObservationDetails, recordedVersion: string | null): ObservationDetails | null {
  const extra = version === undefined || version === recordedVersion ? rest : { version, ...rest };
  return Object.keys(extra).length === 0 ? null : extra;
}

export function recordedFlip(flip: Flip, check: Check, judgement: Pick<Judgement, "live" | "version">): RecordedFlip {
  return {
    ...flip,
    project_id: check.project_id,
    project: check.project,
    name: check.name,
    service_type: check.service_type,
    epoch: check.epoch,
    version: judgement.version ?? check.version,
    latency_ms: judgement.live.latency_ms,
  };
}

/** Returns a message that records flips which no round made; all of one epoch. `now`: Unix ms. */
export function flipsOnly(flips: RecordedFlip[], now: number): OutcomesMessage {
  const round = { lane: 0, due_at: now, attempt: 0 };
  const epoch = flips[0]?.epoch ?? "";
  return { round, epoch, vantage: HOME_VANTAGE, started_at: now, results: [], flips, versions: [] };
}

/**
 * Splits a message so that each part fits in the queue: results may have long details, and flips have evidence. The
 * history row merges the parts of one round.
 */
export function splitOutcomes(message: OutcomesMessage): OutcomesMessage[] {
  const { results, flips, versions } = message;
  if (jsonBytes(message) <= MAX_MESSAGE_BYTES) return [message];
  const items = [
    ...versions.map((version) => ({ versions: [version] })),
    ...results.map((result) => ({ results: [result] })),
    ...flips.map((flip) => ({ flips: [flip] })),
  ];
  const nothing = { results: [], flips: [], versions: [] };
  return chunksBySize<Partial<OutcomesMessage>>(items, jsonBytes, { size: MAX_MESSAGE_BYTES }).map((chunk) => ({
    ...message,
    ...nothing,
    results: chunk.flatMap((item) => item.results ?? []),
    flips: chunk.flatMap((item) => item.flips ?? []),
    versions: chunk.flatMap((item) => item.versions ?? []),
  }));
}

/** The time of a round on demand. Scheduled rounds are due at multiples of a step; this one never is, so both keep their own key. */
export function onDemandTime(now: number): number {
  return now % DUE_STEP_MS === 0 ? now + 1 : now;
}
