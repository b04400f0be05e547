/** What a LaneMonitor remembers of one service, and how it shows to others. */

import type { Check } from "./check.ts";
import { CALM, type FlapState } from "./flapping.ts";
import type { Attempt, Flip, HealthMethod, LiveState, ObservationDetails, Round, Status } from "./records.ts";

/** Flips are kept until the database has them; this many at most. */
const MAX_FLIPS_KEPT = 50;

export interface MonitorState {
  /** Revision of the check's configuration; observations made under an older one are dropped. */
  rev: number;
  /** Deregistered or disabled: nothing is taken in until a newer revision comes. */
  closed: boolean;
  status: Status;
  /** Start of the status, Unix ms. */
  since: number;
  /** Seq of the newest flip. */
  seq: number;
  /** Failures in a row. */
  failures: number;
  /** First failure of the streak, Unix ms. */
  failing_since: number | null;
  /** The streak's attempts, as evidence. */
  attempts: Attempt[];
  /** The retry that is under way, so that a scheduled failure does not begin a second chain. */
  retry: { attempt: number; due_at: number; at: number } | null;
  flap: FlapState;
  unseen_from: string[];
  last_at: number | null;
  latency_ms: number | null;
  error: string | null;
  details: ObservationDetails;
  version: string | null;
  /** The newest round taken in; a redelivered one is told by it. */
  last_round: Pick<Round, "due_at" | "attempt"> | null;
  /** Flips that the database may lack, oldest first. */
  flips: Flip[];
}

/** A service that its lane knows nothing of: new, or known to the database only. Its status is the recorded one. */
export function newMonitorState(check: Check): MonitorState {
  return {
    rev: check.rev,
    closed: false,
    status: check.recorded_status,
    since: check.recorded_since,
    seq: check.recorded_seq,
    failures: 0,
    failing_since: null,
    attempts: [],
    retry: null,
    flap: CALM,
    unseen_from: [],
    last_at: null,
    latency_ms: null,
    error: null,
    details: {},
    version: check.version,
    last_round: null,
    flips: [],
  };
}

/** Keeps what the database lacks. */
export function forgetRecorded(flips: readonly Flip[], recordedSeq: number): Flip[] {
  return flips.filter((flip) => flip.seq > recordedSeq).slice(-MAX_FLIPS_KEPT);
}

/**
 * Whether a crash between the two states would lose something that matters: a status, a streak, a flip.
 * Latency, details and the time of the last check come back with the next check; only a heartbeat's time is kept,
 * for a beat that was acknowledged must not look like silence.
 */
export function mustSave(before: MonitorState | null, after: MonitorState, method: HealthMethod): boolean {
  if (before === null || (method === "heartbeat" && before.last_at !== after.last_at)) return true;
  const streakMoved = after.status !== "down" && before.failures !== after.failures;
  return (
    streakMoved ||
    before.status !== after.status ||
    before.seq !== after.seq ||
    before.rev !== after.rev ||
    before.closed !== after.closed ||
    before.flap.flapping !== after.flap.flapping ||
    before.unseen_from.join() !== after.unseen_from.join()
  );
}

export function liveState(state: MonitorState): LiveState {
  return {
    status: state.status,
    since: state.since,
    last_at: state.last_at,
    latency_ms: state.latency_ms,
    error: state.error,
    details: state.details,
    consecutive_failures: state.failures,
    flapping: state.flap.flapping,
    unseen_from: state.unseen_from,
    flip_seq: state.seq,
  };
}
