/**
 * The hub's way to NATS. Events wait in the outbox until JetStream has acknowledged them; latest values are sent when
 * there is a connection. Whoever announces appends to local storage and never waits for NATS.
 */
import { DurableObject } from "cloudflare:workers";
import type { BoardEntry } from "../core/board.ts";
import type { Check } from "../core/check.ts";
import type { RecordedFlip } from "../core/records.ts";
import { parseSettings, type Settings } from "../core/settings.ts";
import type { Bindings, BridgeStatus, NatsBridgeRpc } from "../platform/bindings.ts";
import { log } from "../platform/log.ts";
import { boardOf } from "../platform/object-stubs.ts";
import { answersHttp, failureOf, RelayConnection } from "./connection.ts";
import { deliver } from "./deliver.ts";
import {
  type DurableEvent,
  flipEvent,
  healthValue,
  type LatestValue,
  registryEvent,
  serviceCard,
  summaryValues,
} from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { type NatsFailure, natsReason, withoutCredentials } from "./reason.ts";
import { reconnectDelay } from "./reconnect.ts";

/** What was told of a service that is gone is forgotten after this: a late repeat of its last flip is over by then. */
const FORGET_MS = 86_400_000;
/** A summary of 10,000 services is 2 MB: at most one in this time, and still within 2 s of the change. */
const SUMMARY_GAP_MS = 1_000;

export class NatsBridge extends DurableObject<Bindings> implements NatsBridgeRpc {
  readonly #settings: Settings;
  readonly #outbox: Outbox;
  #connection: RelayConnection | null = null;
  #opening: Promise<RelayConnection | null> | null = null;
  #delivering: Promise<void> | null = null;
  /** Attempts that failed in a row; while there are some, the alarm makes the next. */
  #failed = 0;
  #reason: string | null = null;
  readonly #count = { published: 0, acknowledged: 0, failures: 0 };
  /** Rises with each change of the registry, so that a look at all of it knows that it is out of date. */
  #changes = 0;
  #summary: { sentAt: number; waiting: boolean } = { sentAt: 0, waiting: false };

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    this.#settings = parseSettings(env);
    this.#outbox = new Outbox(ctx.storage);
  }

  /** Idempotent: a flip is taken once. */
  announceFlips(flips: RecordedFlip[]): void {
    this.#take((now) => {
      const events: DurableEvent[] = [];
      for (const flip of flips.toSorted((a, b) => a.seq - b.seq)) {
        if (flip.seq <= this.#outbox.toldSeq(flip.service_id)) continue;
        this.#outbox.tellSeq(flip.service_id, flip.seq, now);
        events.push(flipEvent(this.#settings.HUB_ID, flip));
      }
      return events;
    });
  }

  /** Idempotent: a service that is registered is not registered again. */
  announceServices(kind: "registered" | "deregistered", checks: Check[]): void {
    this.#changes += 1;
    this.#take((now) =>
      checks.flatMap((check) => {
        const known = this.#outbox.registered(check.service_id);
        if ((known !== null) === (kind === "registered")) return [];
        const card = serviceCard(check);
        this.#outbox.setRegistered(check.service_id, kind === "registered" ? card : null, now);
        return [registryEvent(kind, this.#settings.HUB_ID, card, now)];
      }),
    );
  }

  /** Each minute: every service's latest value, the summary, and whatever the registry and NATS disagree about. */
  async tick(): Promise<void> {
    const changes = this.#changes;
    const all = await boardOf(this.env).all();
    if (all !== null && changes === this.#changes) this.#reconcile(all.entries);
    this.#outbox.forget(Date.now() - FORGET_MS);
    await this.#keepTrying();
    await this.#ready();
    if (all === null) return;
    const now = Date.now();
    const values = all.entries.map(({ check, live }) => healthValue(this.#settings.HUB_ID, check, live, now));
    this.#sendLatest([...values, ...summaryValues({ ...all.summary, hub_id: this.#settings.HUB_ID })]);
  }

  /** The hub's overall status changed: its summary follows within 2 s. */
  async healthChanged(): Promise<void> {
    if (this.#summary.waiting) return;
    this.#summary.waiting = true;
    try {
      await scheduler.wait(Math.max(0, this.#summary.sentAt + SUMMARY_GAP_MS - Date.now()));
      await this.#ready();
    } finally {
      this.#summary = { sentAt: Date.now(), waiting: false };
    }
    const all = await boardOf(this.env).all();
    if (all !== null) this.#sendLatest(summaryValues({ ...all.summary, hub_id: this.#settings.HUB_ID }));
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

  /** What was told of and the events that tell it are stored together or not at all. `make` gets the time, Unix ms. */
  #take(make: (now: number) => DurableEvent[]): void {
    const now = Date.now();
    const taken = this.#outbox.together(() => {
      const events = make(now);
      this.#outbox.add(events, now);
      return events.length;
    });
    if (taken > 0) this.ctx.waitUntil(this.#wake());
  }

  /** Delivers, unless the alarm is going to. */
  async #wake(): Promise<void> {
    if (this.#failed === 0 && this.#settings.NATS_URL !== undefined) await this.#deliver();
  }

  /** A latest value waits for the connection only, never for the outbox before it. */
  async #ready(): Promise<void> {
    this.ctx.waitUntil(this.#wake());
    await this.#opening;
  }

  /** An alarm that was lost, after more failures than the runtime forgives, is armed again. */
  async #keepTrying(): Promise<void> {
    if (this.#failed === 0 || this.#delivering !== null) return;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now());
  }

  /** One delivery at a time; what comes in meanwhile is its work too. Never throws but when no alarm can be set. */
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
      this.#failed = 0;
      this.#reason = null;
    } else if (!connection.isClosed) {
      await this.#fail(failureOf(error, connection.refused)); // else the end of the connection is the failure
    }
  }

  async #connected(): Promise<RelayConnection | null> {
    if (this.#connection !== null) return this.#connection;
    this.#opening = this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  /** Null: it can't be had now; the alarm tries again. Part of a delivery, so never twice at once. */
  async #open(): Promise<RelayConnection | null> {
    try {
      const connection = await RelayConnection.open(this.#settings);
      this.#connection = connection;
      this.ctx.waitUntil(this.#outlive(connection));
      log("info", "nats.connected", { outbox: this.#outbox.depth });
      return connection;
    } catch (error) {
      const url = withoutCredentials(this.#settings.NATS_URL ?? "");
      await this.#fail({ ...failureOf(error, null), answers: await answersHttp(url) });
      return null;
    }
  }

  async #outlive(connection: RelayConnection): Promise<void> {
    const error = await connection.closed();
    if (this.#connection !== connection) return;
    this.#connection = null;
    await this.#fail(failureOf(error ?? new Error("the relay closed the connection"), connection.refused));
  }

  /** The alarm tries again. */
  async #fail(failure: NatsFailure): Promise<void> {
    this.#note("nats.failed", failure);
    this.#failed += 1;
    await this.ctx.storage.setAlarm(Date.now() + reconnectDelay(this.#failed, Math.random()));
  }

  #note(event: string, failure: NatsFailure): void {
    this.#reason = natsReason(failure, withoutCredentials(this.#settings.NATS_URL ?? ""));
    this.#count.failures += 1;
    log("warn", event, { reason: this.#reason, error: failure.message, outbox: this.#outbox.depth });
  }

  #sendLatest(values: readonly LatestValue[]): void {
    const connection = this.#connection;
    if (connection === null) return;
    try {
      for (const value of values) connection.publishLatest(value);
      this.#count.published += values.length;
    } catch (error) {
      this.#note("nats.latest_failed", failureOf(error, null));
    }
  }

  /** What was registered or went away while nobody could be told, in a crash or before NATS was set up. */
  #reconcile(entries: readonly BoardEntry[]): void {
    const known = this.#outbox.allRegistered();
    this.announceServices(
      "registered",
      entries.map(({ check }) => check),
    );
    for (const { check } of entries) known.delete(check.service_id);
    this.#take((now) =>
      [...known.values()].map((card) => {
        this.#outbox.setRegistered(card.id, null, now);
        return registryEvent("deregistered", this.#settings.HUB_ID, card, now);
      }),
    );
  }
}
