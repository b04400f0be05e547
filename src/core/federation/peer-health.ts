/**
 * The health of another hub, judged by the same rules as a service: a pull is a check, a failed pull a failed check, a
 * slow one makes it degraded.
 */

import type { Check } from "../service/check.ts";
import { HOME_VANTAGE, type Observation } from "../service/records.ts";
import { type MonitorState, withoutFuture } from "../status/monitor-state.ts";
import type { Flip } from "../status/recorded-flip.ts";
import { observe } from "../status/state-machine.ts";
import { PEER_DEGRADED_ABOVE_MS, PEER_MAX_TIMEOUT_S } from "../time/durations.ts";

/** Failed pulls that are forgiven. With the delays between them this is some seconds. */
const RETRIES = 3;
/** A hub has no number, and this is no number of a service. */
const NO_ID = 0;

/** Seconds that another hub has for an answer. `interval`: seconds between two pulls. */
export function pullTimeout(interval: number): number {
  return Math.min(PEER_MAX_TIMEOUT_S, interval);
}

export interface PullResult {
  /** When the pull began, Unix ms. */
  at: number;
  latency_ms: number | null;
  /** null: the hub answered. */
  error: string | null;
}

export interface PeerState {
  monitor: MonitorState;
  /** The change of status that the pull made; null: none. */
  flip: Flip | null;
  /** When to ask again, Unix ms. */
  next_at: number;
}

/** `interval`: seconds between pulls. `random`: in [0, 1), for the jitter of retries. */
export function afterPull(
  before: MonitorState | null,
  result: PullResult,
  interval: number,
  random: number,
): PeerState {
  const observation: Observation = {
    at: result.at,
    vantage: HOME_VANTAGE,
    verdict: result.error === null ? "ok" : "fail",
    latency_ms: result.latency_ms,
    error: result.error,
    details: {},
  };
  const known = before && withoutFuture(before, interval, result.at);
  const attempt = known?.retry?.attempt ?? 0;
  const round = { lane: NO_ID, due_at: known?.retry?.due_at ?? result.at, attempt };
  const step = observe(known, { check: peerCheck(interval), round, observation, vantages: [], random });
  if (step === null) throw new Error("a hub's check has one revision only");
  const flip = step.state.flips.at(-1) ?? null;
  const delay = step.retry?.delay_ms ?? interval * 1_000;
  return { monitor: { ...step.state, flips: [] }, flip, next_at: result.at + (result.latency_ms ?? 0) + delay };
}

function peerCheck(interval: number): Check {
  return {
    service_id: NO_ID,
    epoch: "",
    project_id: NO_ID,
    project: "",
    name: "",
    agent: null,
    service_type: "other",
    health_method: "http",
    health_url: "",
    health_interval: interval,
    health_timeout: pullTimeout(interval),
    health_retries: RETRIES,
    recover_after: 1,
    health_options: { degraded_above_ms: PEER_DEGRADED_ABOVE_MS },
    rev: 1,
    lane: NO_ID,
    former_lanes: [],
    recorded_status: "unknown",
    recorded_since: 0,
    recorded_seq: 0,
    version: null,
  };
}
