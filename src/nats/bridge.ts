/**
 * The hub's connection to NATS. Events wait in the outbox until JetStream has acknowledged them. Latest values are sent
 * only while there is a connection. A caller that announces something writes to local storage and never waits for NATS.
 */

import { DurableObject } from "cloudflare:workers";
import type { Check } from "../core/check.ts";
import type { Clock } from "../core/clock.ts";
import { ANNOUNCED_KEPT_MS, SUMMARY_AGAIN_MS, SUMMARY_GAP_MS } from "../core/durations.ts";
import type { Peer, ProjectLite } from "../core/live-protocol.ts";
import type { RecordedFlip } from "../core/records.ts";
import { parseSettings, type Settings } from "../core/settings.ts";
import type { Bindings, BridgeStatus, NatsBridgeRpc } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf } from "../platform/object-stubs.ts";
import { Announcements } from "./announcements.ts";
import { Announcing } from "./announcing.ts";
import { answersHttp, failureOf, RelayConnection } from "./connection.ts";
import { deliver } from "./deliver.ts";
import { hearOtherHubs } from "./hearing.ts";
import {
  type DurableEvent,
  healthValue,
  type LatestValue,
  peerValue,
  projectEvent,
  summaryValues,
} from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { type NatsFailure, natsReason, withoutCredentials } from "./reason.ts";
import { reconnectDelay } from "./reconnect.ts";

const SUMMARY_TRIES = 30;

export class NatsBridge extends DurableObject<Bindings> implements NatsBridgeRpc {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #outbox: Outbox;
  readonly #announcements: Announcements;
  readonly #announcing: Announcing;
  #connection: RelayConnection | null = null;
  #opening: Promise<RelayConnection | null> | null = null;
  #delivering: Promise<void> | null = null;
  /** Number of attempts that failed in a row. While this number is above 0, the alarm makes the next attempt. */
  #failedAttempts = 0;
  #reason: string | null = null;
  readonly #count = { published: 0, acknowledged: 0, failures: 0 };
  /**
   * Rises with each change of the registry. `tick` compares two readings to see whether its copy of the board is out of
   * date.
   */
  #registryChanges = 0;
  #summary: { sentAt: number; waiting: boolean } = { sentAt: 0, waiting: false };

  constructor(ctx: DurableObjectState, env: Bindings, clock: Clock) {
    super(ctx, env);
    this.#clock = clock;
    this.#settings = parseSettings(env);
    this.#outbox = new Outbox(ctx.storage);
    this.#announcements = new Announcements(ctx.storage);
    this.#announcing = new Announcing(this.#announcements, this.#settings.HUB_ID);
  }

  /** Idempotent. */
  announceFlips(flips: RecordedFlip[]): void {
    this.#storeEvents((now) => this.#announcing.flips(flips, now));
  }

  /** Idempotent. */
  announceServices(kind: "registered" | "deregistered", checks: Check[]): void {
    this.#registryChanges += 1;
    this.#storeEvents((now) => this.#announcing.services(kind, checks, now));
  }

  announceProject(project: ProjectLite, at: number): void {
    this.#storeEvents(() => [projectEvent(this.#settings.HUB_ID, project, at)]);
  }

  /**
   * Runs each minute. Publishes the latest value of every service and the summary. Announces each difference between
   * the registry and the ledger.
   */
  async tick(): Promise<void> {
    const changes = this.#registryChanges;
    const board = await boardOf(this.env).all(this.#settings.HUB_ID);
    if (board !== null && changes === this.#registryChanges) {
      this.#storeEvents((now) => this.#announcing.missed(board.entries, now));
    }
    this.#announcements.forgetGone(this.#clock.now() - ANNOUNCED_KEPT_MS);
    await this.#restoreAlarm();
    await this.#waitForConnection();
    if (board === null) return;
    const now = this.#clock.now();
    const values = board.entries.map(({ check, live }) => healthValue(this.#settings.HUB_ID, check, live, now));
    this.#sendLatest([...values, ...summaryValues(board.summary)]);
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
      return board !== null && this.#sendLatest(summaryValues(board.summary));
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
      connected: this.#connection !== null,
      reason: this.#reason,
      outbox_depth: this.#outbox.depth,
      outbox_full: this.#outbox.isFull,
      oldest_event_at: this.#outbox.oldestAt(),
      ...this.#count,
      dropped,
      dropped_at,
    };
  }

  override async alarm(): Promise<void> {
    if (this.#settings.NATS_URL !== undefined) await this.#deliver();
  }

  /**
   * Stores the events of `make` and what `make` writes to the ledger in one transaction. `make` gets the time, Unix ms.
   */
  #storeEvents(make: (now: number) => DurableEvent[]): void {
    const now = this.#clock.now();
    const stored = this.#outbox.transaction(() => {
      const events = make(now);
      this.#outbox.add(events, now);
      return events.length;
    });
    if (stored > 0) this.ctx.waitUntil(this.#startDelivery());
  }

  /** Delivers the outbox, unless the alarm is going to deliver it. */
  async #startDelivery(): Promise<void> {
    if (this.#failedAttempts === 0 && this.#settings.NATS_URL !== undefined) await this.#deliver();
  }

  /** Waits until a connection attempt that is under way has ended. A latest value never waits for the outbox. */
  async #waitForConnection(): Promise<void> {
    this.ctx.waitUntil(this.#startDelivery());
    await this.#opening;
  }

  /** Sets the alarm again when it is lost. The runtime drops an alarm after too many failures. */
  async #restoreAlarm(): Promise<void> {
    if (this.#failedAttempts === 0 || this.#delivering !== null) return;
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(this.#clock.platformTime(this.#clock.now()));
  }

  /**
   * Only one delivery runs at a time. It also delivers events that are added while it runs. Throws only when the alarm
   * can't be set.
   */
  async #deliver(): Promise<void> {
    this.#delivering ??= this.#deliverAll()
      .catch((error) => this.#fail(failureOf(error, null)))
      .finally(() => {
        this.#delivering = null;
      });
    await this.#delivering;
  }

  async #deliverAll(): Promise<void> {
    const connection = await this.#connected();
    if (connection === null) return;
    const error = await deliver({
      page: (limit) => this.#outbox.page(limit),
      remove: (ids) => this.#outbox.remove(ids),
      publish: async (event) => {
        this.#count.published += 1;
        await connection.publishDurable(event);
        this.#count.acknowledged += 1;
      },
    });
    if (error === null) {
      this.#failedAttempts = 0;
      this.#reason = null;
    } else if (!connection.isClosed) {
      await this.#fail(failureOf(error, connection.refusedSubject)); // otherwise #watchForEnd reports the failure
    }
  }

  async #connected(): Promise<RelayConnection | null> {
    if (this.#connection !== null) return this.#connection;
    this.#opening = this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /**
   * Returns null when there is no connection now; the alarm tries again. Only a delivery calls this, so it never runs
   * twice at once.
   */
  async #open(): Promise<RelayConnection | null> {
    try {
      const connection = await RelayConnection.open(this.#settings);
      this.#connection = connection;
      this.ctx.waitUntil(this.#watchForEnd(connection));
      this.ctx.waitUntil(hearOtherHubs(connection, this.#settings.HUB_ID, this.env));
      log("info", "nats.connected", { outbox: this.#outbox.depth });
      return connection;
    } catch (error) {
      const url = withoutCredentials(this.#settings.NATS_URL ?? "");
      await this.#fail({ ...failureOf(error, null), answersHttp: await answersHttp(url) });
      return null;
    }
  }

  async #watchForEnd(connection: RelayConnection): Promise<void> {
    const error = await connection.closed();
    if (this.#connection !== connection) return;
    this.#connection = null;
    await this.#fail(failureOf(error ?? new Error("the relay closed the connection"), connection.refusedSubject));
  }

  /** Counts the failure and sets the alarm for the next attempt. */
  async #fail(failure: NatsFailure): Promise<void> {
    this.#countFailure("nats.failed", failure);
    this.#failedAttempts += 1;
    const at = this.#clock.now() + reconnectDelay(this.#failedAttempts, Math.random());
    await this.ctx.storage.setAlarm(this.#clock.platformTime(at));
  }

  #countFailure(event: string, failure: NatsFailure): void {
    this.#reason = natsReason(failure, withoutCredentials(this.#settings.NATS_URL ?? ""));
    this.#count.failures += 1;
    log("warn", event, { reason: this.#reason, error: failure.message, outbox: this.#outbox.depth });
  }

  /** Returns whether they were sent. */
  #sendLatest(values: readonly LatestValue[]): boolean {
    const connection = this.#connection;
    if (connection === null) return false;
    try {
      for (const value of values) connection.publishLatest(value);
      this.#count.published += values.length;
      return true;
    } catch (error) {
      this.#countFailure("nats.latest_failed", failureOf(error, null));
      return false;
    }
  }
}
