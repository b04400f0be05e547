/**
 * The hub's connection to NATS. Events come from the hub's log, and wait in the outbox until JetStream has acknowledged
 * them. Latest values are sent only while there is a connection. Nobody who tells the bridge something waits for NATS.
 */

import { DurableObject } from "cloudflare:workers";
import type { Peer } from "../core/board/live-protocol.ts";
import { parseSummary } from "../core/board/summary.ts";
import type { EventLog } from "../core/hub/events.ts";
import { parseSettings, type Settings } from "../core/hub/settings.ts";
import type { Clock } from "../core/time/clock.ts";
import { SUMMARY_AGAIN_MS, SUMMARY_GAP_MS } from "../core/time/durations.ts";
import type { Bindings, BridgeStatus, NatsBridgeRpc } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf } from "../platform/object-stubs.ts";
import { answersHttp, failureOf, RelayConnection } from "./connection.ts";
import { Link } from "./link.ts";
import { LogReader } from "./log-reader.ts";
import { healthValue, type LatestValue, peerValue, summaryValues } from "./messages.ts";
import { hearOtherHubs } from "./other-hubs.ts";
import { Outbox } from "./outbox.ts";
import { type NatsFailure, natsReason, withoutCredentials } from "./reason.ts";
import { reconnectDelay } from "./reconnect.ts";
import type { Refusal } from "./refusals.ts";
import { NO_REFUSALS } from "./refused-subjects.ts";

const SUMMARY_TRIES = 30;

export class NatsBridge extends DurableObject<Bindings> implements NatsBridgeRpc {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #outbox: Outbox;
  readonly #log: LogReader;
  #link: Link | null = null;
  #opening: Promise<Link | null> | null = null;
  /**
   * Number of connections in a row that failed before an event was acknowledged. Without a connection and while this
   * number is above 0, the alarm makes the next attempt.
   */
  #failedAttempts = 0;
  /** The alarm that was set last, Unix ms; null: it has come, or none was set since the object started. */
  #alarmAt: number | null = null;
  #reason: string | null = null;
  readonly #count = { published: 0, acknowledged: 0, failures: 0 };
  #summary: { sentAt: number; waiting: boolean } = { sentAt: 0, waiting: false };

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock, events: EventLog) {
    super(ctx, env);
    this.#clock = clock;
    this.#settings = parseSettings(env);
    this.#outbox = new Outbox(ctx.storage);
    this.#log = new LogReader({
      storage: ctx.storage,
      log: events,
      clock,
      hubId: this.#settings.HUB_ID,
      outbox: this.#outbox,
      mayDrop: () => this.#link?.delivery.isTrusted ?? false,
      added: (chains) => this.#added(chains),
    });
  }

  wake(): void {
    this.ctx.waitUntil(this.#log.read());
  }

  readUpTo(): number {
    return this.#log.readUpTo;
  }

  /** Runs each minute. Publishes the latest value of every service and the summary. */
  async tick(): Promise<void> {
    this.wake();
    const board = await boardOf(this.env).all(this.#settings.HUB_ID);
    await this.#restoreAlarm();
    await this.#waitForConnection();
    const connection = this.#link?.connection;
    if (board === null || connection === undefined) return;
    const now = this.#clock.now();
    const values = board.entries.map(({ check, live }) => healthValue(this.#settings.HUB_ID, check, live, now));
    this.#sendLatest([...values, ...summaryValues(parseSummary(board.summary), connection.maxLatestBytes)]);
  }

  /**
   * Call this when the overall status of the hub changed. The summary follows within 2 s, or as soon as the board, its
   * database and the relay are all there.
   */
  async healthChanged(): Promise<void> {
    if (this.#summary.waiting) return;
    this.#summary.waiting = true;
    await this.#clock.wait(Math.max(0, this.#summary.sentAt + SUMMARY_GAP_MS - this.#clock.now()));
    for (let tries = 1; !(await this.#sendSummary()) && tries < SUMMARY_TRIES; tries++) {
      this.#summary.waiting = true;
      await this.#clock.wait(SUMMARY_AGAIN_MS);
    }
  }

  /** Returns whether it was sent. What changes while the board is asked calls for another one. */
  async #sendSummary(): Promise<boolean> {
    try {
      await this.#waitForConnection();
      this.#summary = { sentAt: this.#clock.now(), waiting: false };
      const board = await boardOf(this.env).all(this.#settings.HUB_ID);
      const connection = this.#link?.connection;
      if (board === null || connection === undefined) return false;
      return this.#sendLatest(summaryValues(parseSummary(board.summary), connection.maxLatestBytes));
    } catch (error) {
      log("warn", "nats.summary_waits", { error: errorText(error) });
      return false;
    }
  }

  /** May be lost, as every latest value. */
  async peerChanged(peer: Peer): Promise<void> {
    await this.#waitForConnection();
    this.#sendLatest([peerValue(this.#settings.HUB_ID, peer, this.#clock.now())]);
  }

  status(): BridgeStatus {
    const { events: dropped, last_at: dropped_at } = this.#outbox.dropped;
    return {
      connected: this.#link !== null,
      reason: this.#reason,
      outbox_depth: this.#outbox.depth,
      outbox_full: this.#outbox.isFull && !this.#log.isBehind,
      log_waits: this.#log.isBehind,
      oldest_event_at: this.#outbox.oldestAt(),
      ...this.#count,
      dropped,
      dropped_at,
      ...(this.#link?.refused(this.#url) ?? NO_REFUSALS),
    };
  }

  get #url(): string {
    return withoutCredentials(this.#settings.NATS_URL ?? "");
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = null;
    if (this.#settings.NATS_URL !== undefined) await this.#deliver();
  }

  #added(chains: ReadonlySet<number>): void {
    this.#link?.delivery.add(chains);
    this.ctx.waitUntil(this.#startDelivery());
  }

  /** Delivers the outbox, unless there is no connection and the alarm is going to open one. */
  async #startDelivery(): Promise<void> {
    if (this.#settings.NATS_URL === undefined) return;
    if (this.#link !== null || this.#failedAttempts === 0) await this.#deliver();
  }

  /** Waits until a connection attempt that is under way has ended. A latest value never waits for the outbox. */
  async #waitForConnection(): Promise<void> {
    this.ctx.waitUntil(this.#startDelivery());
    await this.#opening;
  }

  /** Sets the alarm again when it is lost. The runtime drops an alarm after too many failures. */
  async #restoreAlarm(): Promise<void> {
    const retryAt = this.#link === null ? null : this.#link.delivery.nextRetryAt();
    const isWanted = retryAt !== null || (this.#link === null && this.#failedAttempts > 0 && this.#opening === null);
    if (isWanted && (await this.ctx.storage.getAlarm()) === null) await this.#setAlarm(retryAt ?? this.#clock.now());
  }

  /** Resolves when nothing is in flight any more. Throws only when the alarm can't be set. */
  async #deliver(): Promise<void> {
    const link = await this.#connected();
    if (link === null) return;
    try {
      await link.delivery.run();
    } catch (error) {
      this.#countFailure(failureOf(error));
    }
    if (this.#log.isBehind) this.wake();
    if (this.#link !== link) return; // #watchForEnd has set the alarm
    if (this.#outbox.depth === 0) this.#noteSuccess();
    const retryAt = link.delivery.nextRetryAt();
    if (retryAt !== null && retryAt !== this.#alarmAt) await this.#setAlarm(retryAt);
  }

  async #connected(): Promise<Link | null> {
    if (this.#link !== null) return this.#link;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Returns null when there is no connection now; the alarm tries again. */
  async #open(): Promise<Link | null> {
    try {
      const connection = await RelayConnection.open(this.#settings, this.#clock);
      const link = new Link(connection, this.#outbox, this.#clock, {
        count: this.#count,
        acknowledged: () => this.#noteSuccess(),
        failed: (refusal) => this.#noteRefusal(refusal),
        broken: (error) => this.#countFailure(failureOf(error)),
      });
      this.#link = link;
      this.ctx.waitUntil(this.#watchForEnd(link));
      this.ctx.waitUntil(hearOtherHubs(connection, this.#settings.HUB_ID, this.env));
      log("info", "nats.connected", { outbox: this.#outbox.depth });
      return link;
    } catch (error) {
      await this.#fail({ ...failureOf(error), answersHttp: await answersHttp(this.#url) });
      return null;
    }
  }

  async #watchForEnd(link: Link): Promise<void> {
    const error = await link.connection.closed();
    if (this.#link !== link) return;
    this.#link = null;
    await this.#fail(failureOf(error ?? new Error("the relay closed the connection")));
  }

  #noteSuccess(): void {
    this.#failedAttempts = 0;
    this.#reason = null;
  }

  /** An event was refused. Unless others are acknowledged, that is what is wrong with the relay. */
  #noteRefusal({ subject, error, isDoubted, failures }: Refusal): void {
    const failure = failureOf(error);
    if (isDoubted) {
      this.#countFailure(failure);
      return;
    }
    this.#count.failures += 1;
    if (failures === 1) log("warn", "nats.refused", { subject, error: failure.message });
  }

  /** Counts the failure and sets the alarm for the next attempt. */
  async #fail(failure: NatsFailure): Promise<void> {
    this.#countFailure(failure);
    this.#failedAttempts += 1;
    await this.#setAlarm(this.#clock.now() + reconnectDelay(this.#failedAttempts, Math.random()));
  }

  /** `at`: Unix ms. */
  async #setAlarm(at: number): Promise<void> {
    this.#alarmAt = at;
    await this.ctx.storage.setAlarm(this.#clock.platformTime(at));
  }

  /** A failure of thousands of events is logged once. */
  #countFailure(failure: NatsFailure): void {
    const before = this.#reason;
    this.#reason = natsReason(failure, this.#url);
    this.#count.failures += 1;
    if (this.#reason === before) return;
    log("warn", "nats.failed", { reason: this.#reason, error: failure.message, outbox: this.#outbox.depth });
  }

  /** Returns whether there is a connection. A value that is refused says nothing about the others. */
  #sendLatest(values: readonly LatestValue[]): boolean {
    const connection = this.#link?.connection;
    if (connection === undefined || connection.isClosed) return false;
    for (const value of values) {
      if (connection.publishLatest(value)) this.#count.published += 1;
      else this.#count.failures += 1;
    }
    return true;
  }
}
