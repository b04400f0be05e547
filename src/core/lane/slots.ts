/** The rules for connections that are open at the same time, and for how long a check may wait for one. */

import type { DueCheck } from "../service/check.ts";
import { agentOf, HOME_VANTAGE } from "../service/records.ts";
import { LAST_START_MS, SLOT_HELD_MS } from "../time/durations.ts";

export interface SlotLimits {
  total: number;
  /** Raw sockets. */
  tcp: number;
  /** Connections to one host and port. */
  perHost: number;
  /** All connections to hosts that hang, so that they leave the other ones to their neighbours. */
  hung: number;
  /** A connection that does not end after its probe counts as free after this time. */
  heldMs: number;
  /**
   * A connection that is still open after this time, or goes to a host that hung before, is work for nobody: it counts
   * among those that hang, and no longer as one of its kind. Absent: it is one of its kind all the time.
   */
  quietAfterMs?: number;
}

/** An invocation may have six connections that wait. One is left for the hub's own requests, such as the control target. */
export const WORKER_SLOTS: SlotLimits = { total: 5, tcp: 3, perHost: 3, hung: 2, heldMs: SLOT_HELD_MS };
/** So many checks that others hold up share a further invocation: each has a connection at once, whatever it needs. */
export const CHECKS_ELSEWHERE = WORKER_SLOTS.tcp;
/** In a further invocation there is nobody who needs protection from hosts that hang. */
export const SLOTS_ELSEWHERE: SlotLimits = { ...WORKER_SLOTS, hung: CHECKS_ELSEWHERE };
/** The rounds of a message share one invocation, and those that it may begin. */
export const ROUNDS_A_MESSAGE = 3;
/**
 * Further invocations of one. A request may have 32 of Workers in all:
 * https://developers.cloudflare.com/workers/runtime-apis/bindings/service-bindings/#limits
 */
export const MAX_ELSEWHERE = 30;
/**
 * The local runtime has no such limit, and nobody waits for an attempt that was closed. These numbers limit the work of
 * one machine, its sockets (it may have 1,024 files open) and the load on targets.
 */
export const LOCAL_SLOTS: SlotLimits = { total: 48, tcp: 24, perHost: 8, hung: 512, heldMs: 0, quietAfterMs: 1_000 };

/** The kind of a connection. */
export interface Place {
  kind: "http" | "tcp";
  /** Host and port. */
  host: string;
}

export interface TakenSlots {
  total: number;
  tcp: number;
  /** Those of neither, see quietAfterMs. */
  quiet: number;
  perHost: ReadonlyMap<string, number>;
}

export type IsHung = (host: string) => boolean;

/** Whether a connection may begin beside those that are open. */
export function hasRoom({ kind, host }: Place, taken: TakenSlots, isHung: IsHung, limits: SlotLimits): boolean {
  if ((taken.perHost.get(host) ?? 0) >= limits.perHost) return false;
  if (isQuietAtOnce(host, taken, isHung, limits)) return true;
  if (taken.total >= limits.total) return false;
  if (kind === "tcp" && taken.tcp >= limits.tcp) return false;
  return !isHung(host) || takenByHung(taken, isHung) < limits.hung;
}

/** Whether a connection to the host counts among those that hang from its beginning. */
export function isQuietAtOnce(host: string, taken: TakenSlots, isHung: IsHung, limits: SlotLimits): boolean {
  return limits.quietAfterMs !== undefined && taken.quiet < limits.hung && isHung(host);
}

/** Returns how many connections go to hosts that hang. */
function takenByHung({ perHost }: TakenSlots, isHung: IsHung): number {
  return [...perHost].reduce((sum, [host, count]) => sum + (isHung(host) ? count : 0), 0);
}

/**
 * Returns how long after the start of its round a check may still begin. At home nobody waits for the round. Who asks
 * another vantage does, so that a few checks must not wait for minutes there. In a region each has a connection at once;
 * an agent's checks share those of its machine.
 */
export function lastStart(checks: readonly DueCheck[], vantage: string): number {
  if (vantage === HOME_VANTAGE) return LAST_START_MS;
  const delay = Math.max(0, ...checks.map(({ after_ms = 0 }) => after_ms));
  if (agentOf(vantage) === null) return Math.min(LAST_START_MS, delay);
  const turns = checks.length <= WORKER_SLOTS.hung ? 0 : Math.ceil(checks.length / WORKER_SLOTS.total);
  return Math.min(LAST_START_MS, delay + turns * Math.max(longestTimeout(checks), SLOT_HELD_MS));
}

/** Returns how long all probes of a round may take, in ms. */
export function roundLimit(checks: readonly DueCheck[], vantage: string): number {
  return lastStart(checks, vantage) + longestTimeout(checks);
}

/** In ms; 0 without checks. */
export function longestTimeout(checks: readonly DueCheck[]): number {
  return Math.max(0, ...checks.map((check) => check.health_timeout * 1_000));
}
