/**
 * Keeps the state machines of one lane's services and is their only writer. Each method loads, asks core, saves what
 * changed and replies. It is one synchronous step, so its writes are stored together or not at all.
 */
import { DurableObject } from "cloudflare:workers";
import { parseSettings } from "../../core/hub/settings.ts";
import { answerAll, type LaneAnswer, nothingOf, type Unwatched } from "../../core/lane/lane-answer.ts";
import {
  adopt,
  expiryOf,
  forget,
  type LaneRecord,
  type Leaver,
  type Released,
  recordInLane,
  release,
  releasedFrom,
  tombstone,
} from "../../core/lane/lane-record.ts";
import type { Check, Finding } from "../../core/service/check.ts";
import { epochOrder } from "../../core/service/epoch.ts";
import type { Round } from "../../core/service/records.ts";
import {
  completed,
  forgetRecorded,
  liveState,
  type MonitorState,
  mustSave,
  newMonitorState,
  withoutFuture,
} from "../../core/status/monitor-state.ts";
import type { Judgement } from "../../core/status/outcome.ts";
import { beatsAfter, isRepeatedBeat, type KnownBeats, repeatedWithin } from "../../core/status/repeated-beat.ts";
import { expire } from "../../core/status/silence.ts";
import { close, observe } from "../../core/status/state-machine.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { Bindings, LaneMonitorRpc } from "../../platform/bindings.ts";
import { errorText, log } from "../../platform/log.ts";

const KEY_PREFIX = "service:";
const EPOCH_KEY = "epoch";
const MIN_ALARM_GAP_MS = 1_000;

export class LaneMonitor extends DurableObject<Bindings> implements LaneMonitorRpc {
  readonly #clock: Clock;
  readonly #records = new Map<number, LaneRecord>();
  /** Of each heartbeat; only since this object began. */
  readonly #beats = new Map<number, KnownBeats>();
  /** The life of the database that the records belong to; empty: not known yet. */
  #epoch: string;

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock) {
    super(ctx, env);
    this.#clock = clock;
    this.#epoch = ctx.storage.kv.get<string>(EPOCH_KEY) ?? "";
    const { HUB_STARTED_AT } = parseSettings(env);
    for (const [key, record] of ctx.storage.kv.list<LaneRecord>({ prefix: KEY_PREFIX })) {
      const state = record.state === null ? null : completed(record.state, HUB_STARTED_AT !== undefined);
      this.#records.set(Number(key.slice(KEY_PREFIX.length)), { ...record, state });
    }
  }

  /** A result is null when the check's configuration is no longer watched. */
  observe(round: Round, findings: Finding[], vantages: string[]): LaneAnswer<Judgement> {
    const now = this.#clock.now();
    return this.#answer(findings, ({ check, observation }, kept) => {
      const state = kept && withoutFuture(kept, check.health_interval, now, Math.min(observation.at, now));
      const step = observe(state, { check, round, observation, vantages, random: Math.random() });
      if (step === null) return null;
      const judgement = judgementOf(step);
      const { service_id: id } = check;
      if (isRepeatedBeat(check, { before: kept, after: step.state, observation, known: this.#beats.get(id) })) {
        this.#holdRepeated(id, step.state);
        return { ...judgement, repeats: true };
      }
      this.#hold(check, step.state);
      if (check.health_method === "heartbeat") {
        this.#beats.set(id, beatsAfter(check, this.#beats.get(id), observation.at));
      }
      return judgement;
    });
  }

  /** No result came since `last_at` (Unix ms). Changes the status of each service whose deadline has passed. */
  expire(overdue: { check: Check; last_at: number }[], now: number): LaneAnswer<Unwatched> {
    return this.#answer(overdue, ({ check, last_at }, kept) => {
      const state = (kept && withoutFuture(kept, check.health_interval, now)) ?? newMonitorState(check);
      // Repeated beats are lost with the memory of this object: a little later it is silence all the same.
      const mayBeLost = !this.#beats.has(check.service_id) && this.#records.get(check.service_id)?.beats_often;
      const unsure = mayBeLost ? repeatedWithin(check) : 0;
      const isSure = expire(state, check, last_at, now - unsure) !== state;
      return this.#silence(check, isSure ? expire(state, check, last_at, now) : state);
    });
  }

  /** Ends the watch over services. Of a `deleted` service only a tombstone remains. */
  async close(
    closing: { check: Check; reason: string; deleted: boolean }[],
    now: number,
  ): Promise<LaneAnswer<Unwatched>> {
    const answer = this.#answer(closing, ({ check: known, reason, deleted }, kept) => {
      const state = kept && withoutFuture(kept, known.health_interval, now);
      // A deletion is final, also when its caller has not heard of the newest revision.
      const check = deleted ? { ...known, rev: Math.max(known.rev, state?.rev ?? 0) } : known;
      const silence = this.#silence(check, close(state, check, reason, now));
      if (deleted) this.#save(check.service_id, tombstone(check.rev, now));
      return silence;
    });
    await this.#armForTombstones(now);
    return answer;
  }

  /** Hands over the states of services that belong to another lane now. May be repeated. */
  async release(leavers: Leaver[], now: number): Promise<Released[]> {
    const states = leavers.map(({ service_id, epoch, rev }) => {
      if (!this.#enter(epoch)) return { state: null, superseded: true };
      const record = this.#records.get(service_id);
      const released = release(record, rev, now);
      if (released !== record) this.#save(service_id, released);
      return releasedFrom(released, rev);
    });
    await this.#armForTombstones(now);
    return states;
  }

  /** Takes in services from former lanes. `state`: what these lanes released; null: they had none. May be repeated. */
  adopt(newcomers: { check: Check; state: MonitorState | null }[]): void {
    for (const { check, state } of newcomers) {
      if (!this.#enter(check.epoch)) continue;
      const record = this.#records.get(check.service_id);
      const adopted = adopt(record, check, state);
      if (adopted !== record) this.#save(check.service_id, adopted);
    }
  }

  /** Drops states that were released and have arrived in their new lane. */
  async forget(leavers: Leaver[], now: number): Promise<void> {
    for (const { service_id, epoch, rev } of leavers) {
      const record = this.#enter(epoch) ? this.#records.get(service_id) : undefined;
      if (record === undefined) continue;
      const forgotten = forget(record, rev);
      if (forgotten !== record) this.#save(service_id, forgotten);
    }
    await this.#armForTombstones(now);
  }

  /** Notes that the former lanes of these services know that the states arrived. */
  settle(serviceIds: number[]): void {
    for (const id of serviceIds) {
      const record = this.#records.get(id);
      if (record !== undefined && record.unsettled.length > 0) this.#save(id, { ...record, unsettled: [] });
    }
  }

  /** Drops tombstones whose time is over. An object without services leaves no storage behind. */
  override async alarm(): Promise<void> {
    try {
      await this.#sweep(this.#clock.now());
    } catch (error) {
      log("error", "lane.sweep_failed", { error: errorText(error) });
      await this.ctx.storage.setAlarm(this.#clock.platformTime(this.#clock.now() + MIN_ALARM_GAP_MS));
    }
  }

  async #sweep(now: number): Promise<void> {
    for (const [id, record] of this.#records) {
      const expiry = expiryOf(record);
      if (expiry === null || expiry > now) continue;
      this.#records.delete(id);
      this.#beats.delete(id);
      this.ctx.storage.kv.delete(keyOf(id));
    }
    if (this.#records.size > 0) return await this.#armForTombstones(now);
    this.#epoch = "";
    await this.ctx.storage.deleteAll();
  }

  /**
   * Returns false for what was planned in an earlier life of the database. A later life makes the records worthless:
   * their ids mean other services now, and their revisions would hide what is new.
   */
  #enter(epoch: string): boolean {
    const order = epochOrder(epoch, this.#epoch);
    if (order === "older") return false;
    if (order === "newer") {
      for (const id of this.#records.keys()) this.ctx.storage.kv.delete(keyOf(id));
      this.#records.clear();
      this.#beats.clear();
    }
    if (epoch !== "" && epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.ctx.storage.kv.put(EPOCH_KEY, epoch);
    }
    return true;
  }

  #answer<I extends { check: Check }, T>(
    items: readonly I[],
    reply: (item: I, state: MonitorState | null) => T | null,
  ): LaneAnswer<T> {
    if (!items.every(({ check }) => this.#enter(check.epoch))) return nothingOf(items);
    const replyAlone = (item: I, state: MonitorState | null): T | null => {
      try {
        return reply(item, state);
      } catch (error) {
        // One service that can't be judged must not hold up those of its lane.
        log("error", "lane.service_failed", { service: item.check.service_id, error: errorText(error) });
        return null;
      }
    };
    return answerAll(items, (id) => this.#records.get(id), replyAlone);
  }

  #silence(check: Check, state: MonitorState): Unwatched {
    this.#hold(check, state);
    return { live: liveState(state), flips: forgetRecorded(state.flips, check.recorded_seq) };
  }

  /** Stores the state when a crash must not lose the difference. */
  #hold(check: Check, state: MonitorState): void {
    const before = this.#records.get(check.service_id);
    const beat = this.#beats.get(check.service_id);
    const beatsOften = beat === undefined ? before?.beats_often : beat.isRepeated;
    const record: LaneRecord = { ...recordInLane(state, before), ...(beatsOften ? { beats_often: true } : {}) };
    this.#records.set(check.service_id, record);
    if (mustSave(before?.state ?? null, state, check.health_method))
      this.ctx.storage.kv.put(keyOf(check.service_id), record);
  }

  /** Stores no more than that there are such beats, once. */
  #holdRepeated(id: number, state: MonitorState): void {
    const before = this.#records.get(id);
    const record: LaneRecord = { ...recordInLane(state, before), beats_often: true };
    this.#records.set(id, record);
    const beat = this.#beats.get(id);
    if (beat !== undefined) beat.isRepeated = true;
    if (before?.beats_often !== true) this.ctx.storage.kv.put(keyOf(id), record);
  }

  #save(id: number, record: LaneRecord): void {
    this.#records.set(id, record);
    this.ctx.storage.kv.put(keyOf(id), record);
  }

  async #armForTombstones(now: number): Promise<void> {
    const expiries = [...this.#records.values()].flatMap((record) => expiryOf(record) ?? []);
    if (expiries.length === 0 || (await this.ctx.storage.getAlarm()) !== null) return;
    const at = Math.max(Math.min(...expiries), now + MIN_ALARM_GAP_MS);
    await this.ctx.storage.setAlarm(this.#clock.platformTime(at));
  }
}

function judgementOf({ state, retry }: NonNullable<ReturnType<typeof observe>>): Judgement {
  return { live: liveState(state), flips: state.flips, retry, version: state.version };
}

function keyOf(id: number): string {
  return `${KEY_PREFIX}${id}`;
}
