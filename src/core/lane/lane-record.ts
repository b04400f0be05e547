/**
 * The record that a lane's monitor keeps of one service, and the steps by which a service moves to another lane.
 *
 * A service that gets another interval belongs to another lane. The new lane takes over when it first hears of the
 * service. The old lane *releases* the state, and keeps it until it knows that the state arrived. The new lane *adopts*
 * the state. The old lane *forgets* it. Each step may be repeated, and a crash between two steps loses nothing. A
 * tombstone remains in the old lane: it refuses rounds that were planned before the move.
 */

import type { Check } from "../service/check.ts";
import { type MonitorState, newMonitorState } from "../status/monitor-state.ts";
import { underRevision } from "../status/state-machine.ts";
import { TOMBSTONE_MS } from "../time/durations.ts";

export interface LaneRecord {
  /** Null: the state was moved to another lane, or the service is deleted. */
  state: MonitorState | null;
  /** The time (Unix ms) and the revision with which the service left the lane; null: it is in the lane. */
  left: { rev: number; at: number } | null;
  /** Former lanes that do not know yet that the state arrived. */
  unsettled: number[];
  /** A heartbeat whose beats repeat each other (repeated-beat.ts), so that some are known to the lane's memory only. */
  beats_often?: true;
}

/** A service that leaves its lane with revision `rev`. */
export interface Leaver {
  service_id: number;
  epoch: string;
  rev: number;
}

/**
 * `here`: this lane has the service. `stranger`: its state may be in a former lane and must be adopted first.
 * `refused`: the service has left this lane, and the check was planned before that.
 */
export type Standing = "here" | "stranger" | "refused";

export function standingOf(record: LaneRecord | undefined, check: Pick<Check, "rev" | "former_lanes">): Standing {
  if (record === undefined) return check.former_lanes.length === 0 ? "here" : "stranger";
  if (record.left === null) return "here";
  return check.rev <= record.left.rev ? "refused" : "stranger";
}

export function recordInLane(state: MonitorState, before?: LaneRecord): LaneRecord {
  return { state, left: null, unsettled: before?.unsettled ?? [] };
}

/**
 * Marks the service as having left with revision `rev`. Returns the same object when the lane has this or a newer
 * revision of the service, or when the service has left with a newer revision.
 */
export function release(record: LaneRecord | undefined, rev: number, now: number): LaneRecord {
  if (record === undefined) return { state: null, left: { rev, at: now }, unsettled: [] };
  const known = record.left === null ? (record.state?.rev ?? 0) : record.left.rev;
  if (known > rev || (record.left === null && known === rev)) return record;
  return { ...record, left: { rev, at: now } };
}

/**
 * The answer of a lane to a release. `superseded`: the lane has a newer revision, so the caller is late and must not
 * adopt.
 */
export interface Released {
  state: MonitorState | null;
  superseded: boolean;
}

export function releasedFrom(record: LaneRecord, rev: number): Released {
  const hasLeftWithRev = record.left?.rev === rev;
  return { state: hasLeftWithRev ? record.state : null, superseded: !hasLeftWithRev };
}

/**
 * `releasedState`: the state that a former lane released; null: none had it. Then the lane uses its own earlier state
 * of the service, or the recorded status.
 */
export function adopt(record: LaneRecord | undefined, check: Check, releasedState: MonitorState | null): LaneRecord {
  if (record !== undefined && standingOf(record, check) !== "stranger") return record;
  const state = releasedState ?? record?.state ?? newMonitorState(check);
  return { state: underRevision(state, check), left: null, unsettled: check.former_lanes };
}

/** Removes the state, because it arrived in another lane or is no longer needed. */
export function forget(record: LaneRecord, rev: number): LaneRecord {
  if (record.left === null || record.left.rev > rev || record.state === null) return record;
  return { ...record, state: null };
}

/** Returns the record of a deleted service: a tombstone. */
export function tombstone(rev: number, now: number): LaneRecord {
  return { state: null, left: { rev, at: now }, unsettled: [] };
}

/** Returns the time from which the record may be deleted, Unix ms; null: it is still needed. */
export function expiryOf({ state, left }: LaneRecord): number | null {
  return state === null && left !== null ? left.at + TOMBSTONE_MS : null;
}
