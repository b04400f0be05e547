/** The state that a LaneMonitor keeps of one service, and the form in which others see it. */

import type { HealthMethod } from "../methods/index.ts";
import type { Check } from "../service/check.ts";
import type { LiveState, ObservationDetails, Round, Status } from "../service/records.ts";
import { type FlapState, NOT_FLAPPING } from "./flapping.ts";
import type { Attempt, Flip } from "./recorded-flip.ts";

/** Flips are kept until the database has them, but at most this many. */
const MAX_FLIPS_KEPT = 50;

export interface MonitorState {
  /** Revision of the check's configuration. Observations made under an older revision are dropped. */
  rev: number;
  /** True when the service is deregistered or disabled. Observations are dropped until a newer revision comes. */
  closed: boolean;
  status: Status;
  /** Start of the status, Unix ms. */
  since: number;
  /** `seq` of the newest flip. */
  seq: number;
  /** Number of failures in a row (a streak). */
  failures: number;
  /** Time of the first failure of the streak, Unix ms; null: there is no streak. */
  failing_since: number | null;
  /** The attempts of the streak, as evidence for a flip. */
  attempts: Attempt[];
  /** Number of passes in a row of a service that is down. */
  passes: number;
  /** The attempts of these passes, as evidence for the flip that ends the outage. */
  passed: Attempt[];
  /** The newest looks in a row that found the service slow. */
  slow: Attempt[];
  /** Why the service is degraded; null: it is not, or the lane does not know. */
  degraded: string | null;
  /** Vantages that failed to look at the service since it last passed. Retries leave them out. */
  blind: string[];
  /**
   * The retry that is expected; null: none. While it is expected, a scheduled failure does not start a second chain of
   * retries. Times in Unix ms.
   */
  retry: { attempt: number; due_at: number; at: number } | null;
  flap: FlapState;
  unseen_from: string[];
  last_at: number | null;
  latency_ms: number | null;
  error: string | null;
  details: ObservationDetails;
  version: string | null;
  /** The newest round that was observed. A redelivered round is recognised by it. */
  last_round: Pick<Round, "due_at" | "attempt"> | null;
  /** Flips that may not be in the database yet, oldest first. */
  flips: Flip[];
}

/** The first state of a service of which the lane has none. It has the status that the database has. */
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
    passes: 0,
    passed: [],
    slow: [],
    degraded: null,
    blind: [],
    retry: null,
    flap: NOT_FLAPPING,
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

/**
 * Returns a state as it was stored, completed when an older release stored it. `lostQueues`: retries that were under way
 * have been lost, because a local hub has its queues in memory and was started since.
 */
export function completed(stored: MonitorState, lostQueues: boolean): MonitorState {
  const { blind = [], passes = 0, passed = [], slow = [], degraded = null } = stored;
  return { ...stored, blind, passes, passed, slow, degraded, retry: lostQueues ? null : stored.retry };
}

/**
 * Returns the state without times later than `now`: a clock that was ahead set them, and they would make everything that
 * is observed look late. `at`: when the service was looked at, at or before `now`. A retry is expected within an
 * interval. Unix ms.
 */
export function withoutFuture(state: MonitorState, intervalS: number, now: number, at = now): MonitorState {
  const { since, last_at, failing_since, retry, flap } = state;
  const isRetryAhead = retry !== null && retry.at > now + 2 * intervalS * 1_000;
  const flips = flap.times.filter((time) => time <= now);
  const isFlapAhead = flips.length < flap.times.length;
  if (Math.max(since, last_at ?? 0, failing_since ?? 0) <= now && !isRetryAhead && !isFlapAhead) return state;
  return {
    ...state,
    since: since > now ? at : since,
    last_at: last_at !== null && last_at > now ? null : last_at,
    failing_since: failing_since !== null && failing_since > now ? at : failing_since,
    retry: isRetryAhead ? null : retry,
    flap: flips.length === 0 ? NOT_FLAPPING : { ...flap, times: flips },
  };
}

/** Returns the flips that are not in the database. `recordedSeq`: `seq` of the newest flip in the database. */
export function forgetRecorded(flips: readonly Flip[], recordedSeq: number): Flip[] {
  return flips.filter((flip) => flip.seq > recordedSeq).slice(-MAX_FLIPS_KEPT);
}

/**
 * Whether a crash that loses `after` would lose something important: a status, a streak of failures or a flip. The next
 * check restores latency, details and time. A heartbeat's time must be saved: an acknowledged beat must not look like
 * silence.
 */
export function mustSave(before: MonitorState | null, after: MonitorState, method: HealthMethod): boolean {
  if (before === null || (method === "heartbeat" && before.last_at !== after.last_at)) return true;
  const streakMoved = after.status !== "down" && before.failures !== after.failures;
  return (
    streakMoved ||
    before.passes !== after.passes ||
    before.status !== after.status ||
    before.seq !== after.seq ||
    before.rev !== after.rev ||
    before.closed !== after.closed ||
    before.flap.flapping !== after.flap.flapping ||
    before.blind.join() !== after.blind.join() ||
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
