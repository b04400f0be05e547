/**
 * The data of the live board: the latest state of every service, and the frames that its watchers get after a change.
 */

import { isScheduled, laneInterval } from "../lane/lanes.ts";
import type { Check } from "../service/check.ts";
import { overallHealth } from "../service/health.ts";
import type { Health, LiveState, Status } from "../service/records.ts";
import { isJudgeable } from "../service/unreadable.ts";
import type { RecordedFlip } from "../status/recorded-flip.ts";
import { deadlineOf } from "../status/silence.ts";
import { type BoardEntry, recordedAs, unjudgedState } from "./board-entry.ts";
import { type BoardFrame, entryFrame, flipFrame, healthFrame } from "./board-frames.ts";
import { IntervalCounts } from "./interval-counts.ts";
import { countStatuses } from "./summary.ts";

export interface Overdue {
  check: Check;
  last_at: number;
}

/** Newer states of some services, and the flips that led to them. */
export interface BoardUpdate {
  /** The life of the database that the services belong to. */
  epoch: string;
  items: [service_id: number, live: LiveState][];
  flips: RecordedFlip[];
}

/** Services that report of themselves, or an agent that reports of its services. */
export type Reporter = { service_ids: number[] } | { agent: string };

/** A service that is no longer watched. `rev`: the revision with which it was stopped; null: it is deleted. */
export interface Leaving {
  service_id: number;
  epoch: string;
  rev: number | null;
}

/** A service as the board knows it: its entry, or the revision with which it left. */
export type Known = { entry: BoardEntry } | { left: number } | null;

/** Number of remembered ids of removed services. Rounds that were planned before the removal may still come. */
const MAX_GONE = 10_000;

export class Board {
  /** The revision with which each removed service left; infinite: it was deleted. */
  readonly #gone = new Map<number, number>();
  readonly #entries = new Map<number, BoardEntry>();
  readonly #intervals = new IntervalCounts();
  /** Since when the hub can hear without a break, Unix ms. Silence before counts for nothing. */
  listeningSince = 0;
  /** The life of the database that the entries belong to; empty: not known yet. */
  epoch = "";

  /** Until when single services could not be heard although the hub ran, Unix ms. */
  readonly #refused = new Map<number, number>();

  /** Forgets everything that was known of an earlier life of the database. */
  begin(epoch: string): void {
    this.epoch = epoch;
    this.#gone.clear();
    this.#entries.clear();
    this.#intervals.clear();
  }

  entries(): IterableIterator<BoardEntry> {
    return this.#entries.values();
  }

  get(id: number): BoardEntry | undefined {
    return this.#entries.get(id);
  }

  known(id: number): Known {
    const entry = this.#entries.get(id);
    if (entry !== undefined) return { entry };
    const left = this.#gone.get(id);
    return left === undefined ? null : { left };
  }

  /**
   * A service that is on the board keeps its state and gets the new configuration. A late call changes nothing: the
   * board has a later revision, or the service left with this one. Returns whether the service is new on the board.
   */
  add(check: Check, live: LiveState): boolean {
    const known = this.#entries.get(check.service_id);
    if ((known?.check.rev ?? 0) > check.rev || (this.#gone.get(check.service_id) ?? -1) >= check.rev) return false;
    this.#intervals.moved(known?.check.health_interval, check.health_interval);
    this.#gone.delete(check.service_id);
    const state = known === undefined ? live : known.live;
    this.#entries.set(check.service_id, { check, live: isJudgeable(check) ? state : unjudgedState(state) });
    return known === undefined;
  }

  /**
   * `flips`: what the end of the watch made of the services' statuses. Returns the frames for the watchers, and the
   * entries that left.
   */
  leave(leaving: readonly Leaving[], flips: readonly RecordedFlip[]): { frames: BoardFrame[]; left: BoardEntry[] } {
    const news = flips.filter((flip) => this.#isNews(flip));
    const left = leaving.flatMap((each) => this.remove(each) ?? []);
    const ids = new Set(left.map(({ check }) => check.service_id));
    const told = news.filter((flip) => ids.has(flip.service_id)).map(flipFrame);
    return { frames: [...told, ...left.map((entry) => entryFrame("deregistered", entry))], left };
  }

  /** Does nothing when the service was started again meanwhile. */
  remove({ service_id: id, rev }: Leaving): BoardEntry | undefined {
    const entry = this.#entries.get(id);
    const left = rev ?? Number.POSITIVE_INFINITY;
    if (entry !== undefined && entry.check.rev > left) return undefined;
    this.#intervals.moved(entry?.check.health_interval, undefined);
    this.#entries.delete(id);
    this.#refused.delete(id);
    this.#gone.set(id, Math.max(left, this.#gone.get(id) ?? 0));
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= MAX_GONE) break;
      this.#gone.delete(oldest);
    }
    return entry;
  }

  /** The registry has no other services than those that stay. */
  keepOnly(stays: (id: number) => boolean): void {
    for (const [id, { check }] of this.#entries) {
      if (!stays(id)) this.remove({ service_id: id, epoch: check.epoch, rev: check.rev });
    }
  }

  /** Times of the newest checks, Unix ms. */
  checkedAt(): number[] {
    return [...this.#entries.values()].flatMap(({ live }) => live.last_at ?? []);
  }

  /** In seconds; null: there is no service. */
  shortestInterval(): number | null {
    return this.#intervals.shortest;
  }

  /** How many rounds are planned a day, while all are well. */
  roundsADay(): number {
    const lanes = new Set([...this.#entries.values()].map(({ check }) => check.lane));
    return [...lanes].filter(isScheduled).reduce((sum, lane) => sum + 86_400 / laneInterval(lane), 0);
  }

  /** Returns the scheduled checks, the same as the planner would read from the database. */
  scheduled(): Check[] {
    return [...this.#entries.values()].flatMap(({ check, live }) => {
      if (!isScheduled(check.lane)) return [];
      return [{ ...check, ...recordedAs(live) }];
    });
  }

  /**
   * Whether the check was changed or deregistered since revision `rev` was planned. A service that the board does not
   * know is never obsolete.
   */
  isObsolete(id: number, rev: number): boolean {
    const entry = this.#entries.get(id);
    return entry === undefined ? (this.#gone.get(id) ?? -1) >= rev : entry.check.rev > rev;
  }

  /** Whether any result of the service may be news: it is not simply up, or the board does not know it. */
  isUnsettled(id: number): boolean {
    const live = this.#entries.get(id)?.live;
    if (live === undefined) return true;
    const { status, consecutive_failures, unseen_from, flapping } = live;
    return status !== "up" || consecutive_failures > 0 || unseen_from.length > 0 || flapping;
  }

  /** Stores newer states. Returns the frames for the watchers, and the ids of services that the board does not know. */
  apply(
    items: readonly [number, LiveState][],
    flips: readonly RecordedFlip[],
  ): { frames: BoardFrame[]; unknown: number[] } {
    const frames: BoardFrame[] = flips.filter((flip) => this.#isNews(flip)).map(flipFrame);
    const fresh = items.filter(([id, live]) => this.#take(id, live));
    if (fresh.length > 0) {
      frames.push(healthFrame(fresh.map(([id, live]) => ({ id, project_id: this.#projectOf(id), live }))));
    }
    return { frames, unknown: items.flatMap(([id]) => (this.#entries.has(id) || this.#gone.has(id) ? [] : [id])) };
  }

  /** Times later than `now` (Unix ms) are those of a clock that was ahead. They count as now. */
  correctTimes(now: number): void {
    this.listeningSince = Math.min(this.listeningSince, now);
    for (const [id, at] of this.#refused) if (at > now) this.#refused.set(id, now);
    for (const entry of this.#entries.values()) {
      const { since, last_at } = entry.live;
      if (Math.max(since, last_at ?? 0) <= now) continue;
      entry.live = {
        ...entry.live,
        since: Math.min(since, now),
        last_at: last_at === null ? null : Math.min(last_at, now),
      };
    }
  }

  health(): Health {
    return overallHealth(countStatuses(this.#statuses()));
  }

  /** Returns the earliest time at which silence changes the status of a service, Unix ms; null: no such time. */
  nextDeadline(): number | null {
    return this.#earliest(this.#entries.values());
  }

  /** Like nextDeadline, but only for these services. */
  earliestOf(ids: readonly number[]): number | null {
    return this.#earliest(ids.flatMap((id) => this.#entries.get(id) ?? []));
  }

  /** The services for which the reporter speaks. */
  servicesOf(reporter: Reporter): number[] {
    if ("service_ids" in reporter) return reporter.service_ids.filter((id) => this.#entries.has(id));
    return [...this.#entries.values()].flatMap(({ check }) => (check.agent === reporter.agent ? check.service_id : []));
  }

  servicesInLane(lane: number): number[] {
    return [...this.#entries.values()].flatMap(({ check }) => (check.lane === lane ? check.service_id : []));
  }

  /** Until when these services could not be heard although the hub ran, Unix ms. Leaves out the others. */
  refusedUntil(ids: readonly number[]): { id: number; until: number }[] {
    return ids.flatMap((id) => {
      const until = this.#refused.get(id);
      return until === undefined ? [] : [{ id, until }];
    });
  }

  /** The hub failed to take in a report of these services at `at` (Unix ms), so their silence begins anew. */
  noteRefused(ids: Iterable<number>, at: number): void {
    for (const id of ids) this.#refused.set(id, Math.max(at, this.#refused.get(id) ?? 0));
  }

  /**
   * Services whose silence changes their status. `last_at`: since when they are silent, Unix ms. `isLeftOut`: lanes that
   * are not to be asked now.
   */
  overdue(now: number, limit: number, isLeftOut: (lane: number) => boolean = () => false): Overdue[] {
    const overdue: Overdue[] = [];
    for (const entry of this.#entries.values()) {
      if (isLeftOut(entry.check.lane)) continue;
      const deadline = this.#deadlineOf(entry);
      if (deadline !== null && deadline < now) overdue.push({ check: entry.check, last_at: this.#silentSince(entry) });
      if (overdue.length >= limit) break;
    }
    return overdue;
  }

  #earliest(entries: Iterable<BoardEntry>): number | null {
    let next: number | null = null;
    for (const entry of entries) {
      const deadline = this.#deadlineOf(entry);
      if (deadline !== null && (next === null || deadline < next)) next = deadline;
    }
    return next;
  }

  #deadlineOf(entry: BoardEntry): number | null {
    const { check, live } = entry;
    return live.last_at === null ? null : deadlineOf(check, live.status, live.since, this.#silentSince(entry));
  }

  #silentSince({ check, live }: BoardEntry): number {
    return Math.max(live.last_at ?? 0, this.listeningSince, this.#refused.get(check.service_id) ?? 0);
  }

  *#statuses(): Generator<Status> {
    for (const { live } of this.#entries.values()) yield live.status;
  }

  /** Lanes tell a flip until the database has it. */
  #isNews({ service_id, seq }: RecordedFlip): boolean {
    const entry = this.#entries.get(service_id);
    return entry !== undefined && seq > entry.live.flip_seq;
  }

  #projectOf(id: number): number {
    return this.#entries.get(id)?.check.project_id ?? 0;
  }

  #take(id: number, live: LiveState): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || live.flip_seq < entry.live.flip_seq) return false;
    if (live.flip_seq === entry.live.flip_seq && (live.last_at ?? 0) < (entry.live.last_at ?? 0)) return false;
    entry.live = live;
    return true;
  }
}
