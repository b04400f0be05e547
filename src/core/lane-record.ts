/**
 * What a lane's monitor keeps of one service, and how a service moves from one lane to another.
 *
 * A service that changes its interval belongs to another lane. The new lane takes over at its first contact with the
 * service: the old lane *releases* the state (and keeps it until it is told that it arrived), the new lane *adopts* it,
 * the old lane *forgets* it. Each step may be repeated, and a crash between two of them loses nothing. What remains in
 * the old lane is a tombstone that refuses rounds which were planned before the move.
 */

import type { Check } from "./check.ts";
import { type MonitorState, newMonitorState } from "./monitor-state.ts";
import { underRevision } from "./state-machine.ts";

/** Rounds that were planned before a service left have been delivered, retried or given up by then. */
const TOMBSTONE_MS = 3_600_000;

export interface LaneRecord {
  /** Null: it went to another lane, or the service is deleted. */
  state: MonitorState | null;
  /** When and with which revision the service left the lane; null: it is in the lane. */
  left: { rev: number; at: number } | null;
  /** Former lanes that have not been told yet that the state arrived. */
  unsettled: number[];
}

/** A service that leaves its lane with the revision `rev`. */
export interface Leaver {
  service_id: number;
  rev: number;
}

/**
 * `here`: this lane answers for the service. `stranger`: its state may lie in a former lane and has to be adopted first.
 * `refused`: the service left this lane, and the check was planned before.
 */
export type Standing = "here" | "stranger" | "refused";

export function standingOf(record: LaneRecord | undefined, check: Pick<Check, "rev" | "former_lanes">): Standing {
  if (record === undefined) return check.former_lanes.length === 0 ? "here" : "stranger";
  if (record.left === null) return "here";
  return check.rev <= record.left.rev ? "refused" : "stranger";
}

export function held(state: MonitorState, before?: LaneRecord): LaneRecord {
  return { state, left: null, unsettled: before?.unsettled ?? [] };
}

/** The same object when nothing changes: the service is here with this or a newer revision, or has left with a newer one. */
export function release(record: LaneRecord | undefined, rev: number, now: number): LaneRecord {
  if (record === undefined) return { state: null, left: { rev, at: now }, unsettled: [] };
  const known = record.left === null ? (record.state?.rev ?? 0) : record.left.rev;
  if (known > rev || (record.left === null && known === rev)) return record;
  return { ...record, left: { rev, at: now } };
}

/** What a lane hands over. `superseded`: the lane knows a newer revision, so whoever asked is late and must not adopt. */
export interface Released {
  state: MonitorState | null;
  superseded: boolean;
}

export function releasedFrom(record: LaneRecord, rev: number): Released {
  const isAsked = record.left?.rev === rev;
  return { state: isAsked ? record.state : null, superseded: !isAsked };
}

/**
 * `brought`: the state that a former lane released; null when none had it. Then the lane goes on with what it kept
 * itself when the service was here before, or with the recorded status.
 */
export function adopt(record: LaneRecord | undefined, check: Check, brought: MonitorState | null): LaneRecord {
  if (record !== undefined && standingOf(record, check) !== "stranger") return record;
  const state = brought ?? record?.state ?? newMonitorState(check);
  return { state: underRevision(state, check), left: null, unsettled: check.former_lanes };
}

/** The state arrived elsewhere, or nobody needs it any more. */
export function forget(record: LaneRecord, rev: number): LaneRecord {
  if (record.left === null || record.left.rev > rev || record.state === null) return record;
  return { ...record, state: null };
}

/** The service is deleted. */
export function bury(rev: number, now: number): LaneRecord {
  return { state: null, left: { rev, at: now }, unsettled: [] };
}

/** Unix ms from which the record may be dropped; null: it is needed. */
export function expiryOf({ state, left }: LaneRecord): number | null {
  return state === null && left !== null ? left.at + TOMBSTONE_MS : null;
}
