/**
 * Follows the registry: finds changes whose consequences did not all happen, and lets them happen. Usually they have
 * happened at once, see register.ts. But the client, the board or a monitor may have gone away just after the commit, so
 * every change is looked at again: the database counts a revision with each, in the same transaction.
 */
import type { Known } from "../core/board/board.ts";
import type { ChangedService } from "../core/board/registry-change.ts";
import { isWatched } from "../core/board/service-view.ts";
import {
  advance,
  type Cursor,
  type PageStart,
  type RegistryState,
  type SyncQuery,
  syncQuery,
} from "../core/federation/replication.ts";
import type { Leaver } from "../core/lane/lane-record.ts";
import { isScheduled } from "../core/lane/lanes.ts";
import { type ServiceRow, toCheck } from "../core/service/service-row.ts";
import { LANE_ANSWERS_MS } from "../core/time/durations.ts";
import { settleEach } from "../core/values/settle-each.ts";
import { type RegisterDeps, reasonToClose, registryChanged, type WatchChange } from "./register.ts";

export interface FollowDeps extends RegisterDeps {
  begin(asked: SyncQuery): Promise<Exclude<PageStart, { kind: "reborn" }>>;
  /** Returns the next page of changes. */
  changedServices(since: number): Promise<{ registry: RegistryState; changes: ChangedService[]; more: boolean }>;
  /** The database may have begun another life. */
  enter(epoch: string): Promise<void>;
  known(id: number): Known;
  /** Leaves a tombstone of deleted services in their lane. */
  bury(lane: number, leavers: Leaver[]): Promise<void>;
  /** How these services stand now. */
  changesOf(ids: number[]): Promise<ChangedService[]>;
  /** Proves, next time, that the database still is the same. */
  markOf(revision: number): Promise<string>;
}

/** Nothing has been followed yet. */
export const AT_THE_BEGINNING: Cursor = { epoch: null, revision: 0, head: 0, mark: null, copy: 0, copying: false };

export interface Followed {
  cursor: Cursor;
  more: boolean;
  /** Services whose lanes did not answer. They are taken again, and hold up no others. */
  again: number[];
}

/**
 * Handles one page of changes, and leaves those younger than `age` (milliseconds) for the next time: their consequences
 * may be on their way. Throws when a part of the hub is away; the same page then comes again.
 */
export async function follow(cursor: Cursor, age: number, deps: FollowDeps): Promise<Followed> {
  const start = await deps.begin(syncQuery(cursor));
  if (start.kind === "nothing") return { cursor, more: false, again: [] };
  const page = await deps.changedServices(start.since);
  const { epoch, revision } = page.registry;
  await deps.enter(epoch);
  const now = deps.now();
  // A time later than now was set by a clock that was ahead.
  const young = page.changes.findIndex(({ at }) => at > now - age && at <= now);
  const changes = young === -1 ? page.changes : page.changes.slice(0, young);
  if (young === 0) return { cursor, more: false, again: [] };
  const again = await catchUpWith(changes, epoch, deps);
  const next = page.more || young !== -1 ? (changes.at(-1)?.revision ?? null) : null;
  const mark = await deps.markOf(revision);
  return {
    cursor: advance(cursor, { epoch, revision, full: start.full, next, mark }).cursor,
    more: page.more && young === -1,
    again,
  };
}

/** Takes services again whose lanes did not answer. Returns those of which it is still so. */
export async function followAgain(ids: readonly number[], epoch: string, deps: FollowDeps): Promise<number[]> {
  return ids.length === 0 ? [] : await catchUpWith(await deps.changesOf([...ids]), epoch, deps);
}

/** Returns the services whose lanes did not answer. */
async function catchUpWith(changes: readonly ChangedService[], epoch: string, deps: FollowDeps): Promise<number[]> {
  const graves = [...missedGraves(changes, epoch, deps.known)];
  const left = await registryChanged(missedChange(changes, deps.known), deps);
  const bury = ([lane, leavers]: [number, Leaver[]]) => deps.bury(lane, leavers);
  const { failed } = await settleEach(graves, bury, { limitMs: LANE_ANSWERS_MS, wait: deps.wait });
  for (const { item, error } of failed) deps.failed(item[0], error);
  const unburied = failed.flatMap(({ item: [, leavers] }) => leavers.map(({ service_id }) => service_id));
  return [...left.map(({ check }) => check.service_id), ...unburied];
}

/** Returns what the board does not know yet of these changes. */
export function missedChange(changes: readonly ChangedService[], known: (id: number) => Known): WatchChange {
  const missed: WatchChange = { registered: [], deregistered: [] };
  for (const { service_id, row } of changes) {
    const standing = known(service_id);
    if (row !== null && isWatched(row)) missed.registered.push(...missedRegistration(row, standing));
    else missed.deregistered.push(...missedEnd(row, standing));
  }
  return missed;
}

/** One that was never checked is checked at once: its first round may have been lost. */
function missedRegistration(row: ServiceRow, standing: Known): WatchChange["registered"] {
  const check = toCheck(row);
  if (standing === null || !("entry" in standing)) return [{ check, created: true, revised: true }];
  const { entry } = standing;
  const isKnown = entry.check.rev >= check.rev && (entry.live.last_at !== null || !isScheduled(check.lane));
  return isKnown ? [] : [{ check, created: false, revised: true }];
}

/** `row`: null when the service is deleted. */
function missedEnd(row: ServiceRow | null, standing: Known): WatchChange["deregistered"] {
  const entry = standing !== null && "entry" in standing ? standing.entry : null;
  if (row === null) return entry === null ? [] : [{ check: entry.check, reason: "deregistered", deleted: true }];
  const hasLeft = standing !== null && "left" in standing && standing.left >= row.rev;
  return hasLeft ? [] : [{ check: toCheck(row), reason: reasonToClose(row, false), deleted: false }];
}

/** Deleted services of which the board knows nothing, by lane. Their lanes may still keep their states. */
function missedGraves(
  changes: readonly ChangedService[],
  epoch: string,
  known: (id: number) => Known,
): Map<number, Leaver[]> {
  const graves = new Map<number, Leaver[]>();
  for (const { service_id, row, left } of changes) {
    if (row !== null || left === null || known(service_id) !== null) continue;
    const leavers = graves.get(left.lane) ?? [];
    graves.set(left.lane, [...leavers, { service_id, epoch, rev: left.rev + 1 }]);
  }
  return graves;
}
