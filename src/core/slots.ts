/** The rules for connections that are open at the same time, and for how long a check may wait for one. */

import type { DueCheck } from "./check.ts";
import { LAST_START_MS, SLOT_HELD_MS } from "./durations.ts";
import { HOME_VANTAGE } from "./records.ts";

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
}

/** An invocation may have six connections that wait. One is left for the hub's own requests, such as the control target. */
export const WORKER_SLOTS: SlotLimits = { total: 5, tcp: 3, perHost: 3, hung: 2, heldMs: SLOT_HELD_MS };
/**
 * The local runtime has no such limit, and nobody waits for an attempt that was closed. These numbers limit the sockets
 * of one machine and the load on targets.
 */
export const LOCAL_SLOTS: SlotLimits = { total: 48, tcp: 24, perHost: 8, hung: 16, heldMs: 0 };

/** What a connection counts as. */
export interface Place {
  kind: "http" | "tcp";
  /** Host and port. */
  host: string;
}

export interface TakenSlots {
  total: number;
  tcp: number;
  perHost: ReadonlyMap<string, number>;
}

export type IsHung = (host: string) => boolean;

/** Whether a connection may begin beside those that are open. */
export function hasRoom({ kind, host }: Place, taken: TakenSlots, isHung: IsHung, limits: SlotLimits): boolean {
  if (taken.total >= limits.total) return false;
  if (kind === "tcp" && taken.tcp >= limits.tcp) return false;
  if ((taken.perHost.get(host) ?? 0) >= limits.perHost) return false;
  return !isHung(host) || takenByHung(taken, isHung) < limits.hung;
}

/** Returns how many connections go to hosts that hang. */
function takenByHung({ perHost }: TakenSlots, isHung: IsHung): number {
  return [...perHost].reduce((sum, [host, count]) => sum + (isHung(host) ? count : 0), 0);
}

/**
 * Returns how long after the start of its round a check may still begin. At home nobody waits for the round. Who asks
 * another vantage does, so that a few checks must not wait for minutes there.
 */
export function lastStart(checks: readonly DueCheck[], vantage: string): number {
  if (vantage === HOME_VANTAGE) return LAST_START_MS;
  const delay = Math.max(0, ...checks.map(({ after_ms = 0 }) => after_ms));
  const turns = checks.length <= WORKER_SLOTS.hung ? 0 : Math.ceil(checks.length / WORKER_SLOTS.total);
  return Math.min(LAST_START_MS, delay + turns * Math.max(longestTimeout(checks), SLOT_HELD_MS));
}

/** Returns how long all probes of a round may take, in ms. */
export function roundLimit(checks: readonly DueCheck[], vantage: string): number {
  return lastStart(checks, vantage) + longestTimeout(checks);
}

function longestTimeout(checks: readonly DueCheck[]): number {
  return Math.max(0, ...checks.map((check) => check.health_timeout * 1_000));
}
