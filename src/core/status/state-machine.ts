/**
 * The rules that decide a service's status. `observe` handles the result of a probe, and `close` a service that is no
 * longer watched; silence.ts handles silence. All functions are pure: the caller passes the time and the random number.
 */
import type { Check } from "../service/check.ts";
import { homeOf, type Observation, type Retry, type Round } from "../service/records.ts";
import { flapSettled } from "./flapping.ts";
import { flip } from "./flip.ts";
import { forgetRecorded, type MonitorState, newMonitorState } from "./monitor-state.ts";
import type { Attempt } from "./recorded-flip.ts";
import { isConfirmed, isRetryUnderWay, retryDelay, retryVantage } from "./retry-policy.ts";
import { isSlowLook, slownessOf } from "./slowness.ts";

const NO_STREAK = {
  failures: 0,
  failing_since: null,
  attempts: [],
  passes: 0,
  passed: [],
  slow: [],
  blind: [],
  retry: null,
} satisfies Partial<MonitorState>;
/** 10 retries make 11 attempts, so this number keeps all of them. */
const MAX_ATTEMPTS_KEPT = 12;
/** A program that stands still so often is not well itself; the next scheduled check looks again. */
const MAX_LATE_LOOKS = 5;

export interface ObserveInput {
  check: Check;
  round: Round;
  observation: Observation;
  vantages: readonly string[];
  /** Random number in [0, 1), for the jitter of a retry. */
  random: number;
}

export interface Step {
  state: MonitorState;
  retry: Retry | null;
}

/** Returns null when the observation belongs to a configuration that is no longer watched. */
export function observe(before: MonitorState | null, input: ObserveInput): Step | null {
  const { check, round, observation } = input;
  const known = before ?? newMonitorState(check);
  if (check.rev < known.rev || (known.closed && check.rev === known.rev)) return null;
  const state = underRevision(known, check);
  if (isRepeat(state, round)) return { state, retry: repeatedRetry(state, round, input) };
  const late = state.last_at !== null && observation.at < Math.max(state.last_at, silentUntil(state));
  if (late && !isAwaited(state, round)) return { state, retry: null };
  const observed: MonitorState = {
    ...state,
    flap: flapSettled(state.flap, observation.at),
    last_round: { due_at: round.due_at, attempt: round.attempt },
  };
  switch (observation.verdict) {
    case "inconclusive":
      return unseen(observed, input);
    case "unprobeable":
      if (observation.vantage !== homeOf(check)) return unseen(observed, input);
      return { state: unprobeable(observed, check, observation), retry: null };
    case "fail":
      return failed(seenFrom(observation.vantage, observed), input);
    case "ok":
    case "warn":
      return passed(observed, input);
  }
}

/** Handles a service that was deregistered or disabled; one that was started again since stays as it is. `now`: Unix ms. */
export function close(before: MonitorState | null, check: Check, reason: string, now: number): MonitorState {
  if (before !== null && before.rev > check.rev) return before;
  const state = { ...(before ?? newMonitorState(check)), rev: check.rev, closed: true, retry: null };
  const cleared = { ...state, ...NO_STREAK, unseen_from: [], error: null };
  if (state.status === "unknown") return cleared;
  return flip(cleared, {
    service_id: check.service_id,
    to: "unknown",
    reason,
    at: now,
    began_at: now,
    evidence: [],
  });
}

/**
 * Returns the state for the check's revision. A new revision starts without failures in a row. The registry writes the
 * end of a watch itself. When this lane has not heard of it, or had another flip with the same `seq` on its way, the
 * registry's word counts.
 */
export function underRevision(state: MonitorState, check: Check): MonitorState {
  const flips = forgetRecorded(state.flips, check.recorded_seq);
  const isNew = check.rev !== state.rev;
  const isBehind = check.recorded_seq > state.seq || (isNew && check.recorded_seq === state.seq);
  const known = isBehind ? { ...state, ...recordedStatus(check) } : state;
  if (!isNew) return { ...known, flips };
  return { ...known, ...NO_STREAK, last_round: null, flips, rev: check.rev, closed: false };
}

function recordedStatus({ recorded_status, recorded_since, recorded_seq }: Check) {
  return { status: recorded_status, since: recorded_since, seq: recorded_seq };
}

function isRepeat(state: MonitorState, round: Round): boolean {
  return state.last_round?.due_at === round.due_at && state.last_round.attempt === round.attempt;
}

/** After a silence, what was seen before the hub noticed it is history. Returns 0 when there was no silence. */
function silentUntil({ status, since }: MonitorState): number {
  return status === "unknown" ? since : 0;
}

/** Whether the round is the retry that the state expects. */
function isAwaited({ retry }: MonitorState, round: Round): boolean {
  return retry !== null && retry.due_at === round.due_at && retry.attempt === round.attempt;
}

/**
 * Returns the retry of a redelivered round again, because the first delivery may have crashed before it sent the retry.
 */
function repeatedRetry(state: MonitorState, round: Round, input: ObserveInput): Retry | null {
  const { retry } = state;
  if (retry === null || retry.due_at !== round.due_at || retry.attempt !== round.attempt + 1) return null;
  return {
    attempt: retry.attempt,
    delay_ms: Math.max(0, retry.at - input.observation.at),
    vantage: retryVantage(retry.attempt, input.vantages, state.blind),
  };
}

/**
 * A vantage that failed to look says nothing about the service. The next one is asked, home at last; home has no other
 * to ask, but looks again soon when it only stood still itself.
 */
function unseen(state: MonitorState, input: ObserveInput): Step {
  const { check, round, observation, vantages } = input;
  const { vantage, details } = observation;
  if (!isStep(state, input)) return { state, retry: null };
  if (vantage === homeOf(check)) {
    const again = details.late_ms !== undefined && round.attempt < MAX_LATE_LOOKS;
    return again ? withRetry(state, input, round.attempt + 1) : { state: { ...state, retry: null }, retry: null };
  }
  const blind = vantages.filter((one) => one === vantage || state.blind.includes(one));
  return withRetry({ ...state, blind }, input, 1);
}

function seenFrom(vantage: string, state: MonitorState): MonitorState {
  return state.blind.includes(vantage) ? { ...state, blind: state.blind.filter((one) => one !== vantage) } : state;
}

/** Whether the round belongs to the chain of retries, or none is under way. */
function isStep(state: MonitorState, { check, round, observation }: ObserveInput): boolean {
  if (isAwaited(state, round) || isOfNewerChain(state, round)) return true;
  return !isRetryUnderWay(state.retry, check, observation.at);
}

/** A retry of a later round: an agent that started again has begun another chain, so the expected retry never comes. */
function isOfNewerChain({ retry }: MonitorState, round: Round): boolean {
  return retry !== null && round.attempt > 0 && round.due_at > retry.due_at;
}

/**
 * A streak (failures in a row) has one chain of retries. While a retry is expected, another failure (from the next
 * scheduled check or a redelivered round) is only evidence: it neither uses up a retry nor confirms the outage.
 */
function failed(state: MonitorState, input: ObserveInput): Step {
  const { check, observation } = input;
  const counts = isStep(state, input);
  const attempts = keptOf([...state.attempts, evidenceOf(observation)]);
  const failing: MonitorState = {
    ...state,
    ...latestResult(state, observation),
    failures: state.failures + (counts ? 1 : 0),
    passes: 0,
    passed: [],
    slow: state.status === "degraded" ? state.slow : [],
    failing_since: Math.min(state.failing_since ?? observation.at, observation.at),
    attempts: state.status === "down" ? state.attempts : attempts,
    error: observation.error ?? "failed",
  };
  if (state.status === "down" && counts) return { state: { ...failing, retry: null }, retry: null };
  if (state.status === "down" || !counts) return { state: failing, retry: null };
  const { failures, blind } = failing;
  const streak = { failures, seenFrom: failing.attempts.map((attempt) => attempt.vantage), blind };
  if (!isConfirmed(streak, check, input.vantages)) return withRetry(failing, input, failures);
  const change = {
    service_id: check.service_id,
    to: "down" as const,
    reason: observation.error ?? "failed",
    at: observation.at + (observation.latency_ms ?? 0),
    began_at: failing.failing_since ?? observation.at,
    evidence: attempts,
  };
  return { state: flip({ ...failing, retry: null }, change), retry: null };
}

/** `backoff`: 1, 2, …: the delay doubles with it. */
function withRetry(state: MonitorState, input: ObserveInput, backoff: number): Step {
  const { check, round, observation, vantages } = input;
  const attempt = round.attempt + 1;
  const delay_ms = retryDelay(backoff, check.health_interval, input.random);
  return {
    state: { ...state, retry: { attempt, due_at: round.due_at, at: observation.at + delay_ms } },
    retry: { attempt, delay_ms, vantage: retryVantage(attempt, vantages, state.blind) },
  };
}

/**
 * An outage ends with `recover_after` passes in a row, and a slow answer is looked at again. These checks follow each
 * other like retries, so that the status is soon told, and it began with the first of them.
 */
function passed(before: MonitorState, input: ObserveInput): Step {
  const { check, observation } = input;
  const isDown = before.status === "down";
  const isBeat = check.health_method === "heartbeat"; // the service itself decides when the next one comes
  const counts = isDown && (isBeat || isStep(before, input));
  const passes = before.passes + (counts ? 1 : 0);
  const evidence = evidenceOf(observation);
  const isSlow = isSlowLook(before, check, observation);
  const isSameMoment = isSlow && isDuringLast(before.slow, observation); // then it is no second look
  const slow = isSlow ? (isSameMoment ? before.slow : keptOf([...before.slow, evidence])) : [];
  const state = { ...before, passes, passed: isDown ? keptOf([...before.passed, evidence]) : [] };
  const slowness = slownessOf(before, check, observation, slow.length);
  if (isDown && passes < check.recover_after) {
    const recovering = { ...state, ...latestResult(state, observation), slow };
    return counts && !isBeat ? withRetry(recovering, input, passes) : { state: recovering, retry: null };
  }
  if (slowness !== "again") return { state: { ...succeeded(state, input, slowness.degraded), slow }, retry: null };
  const looking = isDown ? { ...state, ...latestResult(state, observation) } : answered(state, observation);
  if (isSameMoment) return { state: { ...looking, slow, retry: before.retry }, retry: null };
  return withRetry({ ...looking, slow }, input, 1);
}

/** Whether the look began before the last of these had ended. */
function isDuringLast(looks: readonly Attempt[], { at }: Observation): boolean {
  const last = looks.at(-1);
  return last !== undefined && at < Date.parse(last.at) + (last.latency_ms ?? 0);
}

/** The failures in a row have ended. */
function answered(state: MonitorState, observation: Observation): MonitorState {
  const unseen = new Set(state.attempts.filter((attempt) => !attempt.ok).map((attempt) => attempt.vantage));
  unseen.delete(observation.vantage);
  return {
    ...state,
    ...latestResult(state, observation),
    ...NO_STREAK,
    unseen_from: state.status === "down" ? [] : [...unseen],
    error: null,
  };
}

function succeeded(state: MonitorState, { check, observation }: ObserveInput, degraded: string | null): MonitorState {
  const next: MonitorState = { ...answered(state, observation), degraded, error: degraded };
  const to = degraded === null ? "up" : "degraded";
  if (to === state.status) return next;
  const reason = degraded ?? (state.status === "degraded" ? "back to normal" : "check passed");
  const looks = state.passed.length > 0 ? state.passed : degraded === null ? [] : state.slow;
  const evidence = state.passed.length > 0 ? looks : keptOf([...looks, evidenceOf(observation)]);
  const at = observation.at + (observation.latency_ms ?? 0);
  const began_at = Math.min(observation.at, Date.parse(evidence[0]?.at ?? "") || observation.at);
  return flip(next, { service_id: check.service_id, to, reason, at, began_at, evidence });
}

function keptOf(attempts: Attempt[]): Attempt[] {
  return attempts.slice(-MAX_ATTEMPTS_KEPT);
}

function unprobeable(state: MonitorState, check: Check, observation: Observation): MonitorState {
  const reason = observation.error ?? "can't be checked from here";
  const next = { ...state, ...latestResult(state, observation), ...NO_STREAK };
  if (state.status === "unknown") return { ...next, error: reason };
  const { at } = observation;
  const change = { service_id: check.service_id, to: "unknown" as const, reason, at, began_at: at };
  return flip({ ...next, error: reason }, { ...change, evidence: [evidenceOf(observation)] });
}

/** The fields of the state that the newest observation sets. */
function latestResult(state: MonitorState, observation: Observation) {
  return {
    last_at: Math.max(observation.at, state.last_at ?? 0),
    latency_ms: observation.latency_ms,
    details: observation.details,
    version: observation.details.version ?? state.version,
  };
}

function evidenceOf(observation: Observation): Attempt {
  return {
    at: new Date(observation.at).toISOString(),
    vantage: observation.vantage,
    ok: observation.verdict === "ok" || observation.verdict === "warn",
    latency_ms: observation.latency_ms,
    error: observation.error,
  };
}
