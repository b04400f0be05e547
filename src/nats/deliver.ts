/**
 * Empties the outbox by one connection. The events of one service are a chain: they are sent one after the other. All
 * chains are sent at once, and a chain whose event is refused waits alone.
 *
 * Whether the connection works is judged by acknowledgements only. It is in doubt at first, and when a chain begins to
 * fail while nothing else is acknowledged. New events are tried at once even then, because one acknowledgement ends the
 * doubt. It also ends the waiting of the chains that failed because of the connection.
 */
import type { DurableEvent } from "./messages.ts";
import { type Refusal, Refusals, type Refused } from "./refusals.ts";

export interface OutboxEvent {
  /** Newer events have higher ids. */
  id: number;
  /** When it was added, Unix ms. */
  at: number;
  event: DurableEvent;
}

export interface DeliverDeps {
  /** Returns the oldest events of each chain, at most `each`, oldest first. Leaves out chains without events. */
  heads(chains: readonly number[], each: number): Map<number, OutboxEvent[]>;
  /** Whether the chain has events. */
  hasMore(chain: number): boolean;
  remove(ids: number[]): void;
  /** Resolves when the stream has stored the event, now or earlier. */
  publish(event: DurableEvent): Promise<void>;
  /** Whether the connection has ended. Then a failure says nothing about an event. */
  isClosed(): boolean;
  acknowledged(): void;
  /** Resolves when what came in together has been handled. Never rejects. */
  soon(): Promise<void>;
  failed(refusal: Refusal): void;
  /** The outbox itself could not be read or written. */
  broken(error: unknown): void;
  /** Unix ms. */
  now(): number;
  /** In [0, 1). */
  random(): number;
}

/** Limits the events in flight, and with EVENTS_EACH those in memory. */
const MAX_CHAINS = 1_000;
const EVENTS_EACH = 20;
/** Refused chains may take seconds for a try, so they leave room for the others. */
const MAX_RETRIED_CHAINS = 500;
/** A hub may have thousands of refused chains. These limit how often they bother the relay. */
const RETRY_GAP_MS = 500;
const RETRIES_AT_ONCE = 50;
const RETRIES_IN_DOUBT = 10;

interface Ended {
  chain: number;
  /** Ids of the events that were acknowledged. */
  sent: number[];
  hasFailed: boolean;
}

export class Delivery {
  readonly #deps: DeliverDeps;
  readonly #refusals = new Refusals();
  /** Chains with events that may be sent now. */
  readonly #fresh: Set<number>;
  /** Chains that were refused before and may be tried now. */
  readonly #again = new Set<number>();
  readonly #inFlight = new Set<number>();
  /** The part of those in flight that were refused before. */
  readonly #retried = new Set<number>();
  /** Chains in flight that have ended since the outbox was last changed. */
  readonly #ended: Ended[] = [];
  #isInDoubt = true;
  #acknowledgements = 0;
  /** When it was last looked for chains whose time has come, Unix ms. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #idle: PromiseWithResolvers<void> | null = null;

  /** `chains`: those that have events. */
  constructor(deps: DeliverDeps, chains: Iterable<number>) {
    this.#deps = deps;
    this.#fresh = new Set(chains);
  }

  /** The chains got more events. */
  add(chains: Iterable<number>): void {
    for (const chain of chains) {
      if (!this.#inFlight.has(chain) && !this.#refusals.has(chain)) this.#fresh.add(chain);
    }
  }

  /** Sends everything whose time has come. Resolves when nothing is in flight any more. */
  async run(): Promise<void> {
    this.#sendMore();
    if (this.#inFlight.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Whether something was acknowledged since the connection was in doubt. */
  get isTrusted(): boolean {
    return !this.#isInDoubt;
  }

  /** When `run` has something to send although nothing was added, Unix ms; null: never. */
  nextRetryAt(): number | null {
    const at = this.#refusals.nextRetryAt();
    return at === null ? null : Math.max(at, this.#lookedAt + RETRY_GAP_MS);
  }

  /** The chains that are refused although others are not. */
  refused(): [chain: number, Refusal][] {
    return this.#refusals.certain();
  }

  #sendMore(): void {
    if (this.#deps.isClosed()) return;
    this.#retryDue();
    const fresh = firstOf(this.#fresh, MAX_CHAINS - this.#inFlight.size);
    const room = MAX_CHAINS - this.#inFlight.size - fresh.length;
    const free = this.#again.values().filter((chain) => !this.#inFlight.has(chain));
    const again = firstOf(free, Math.min(room, MAX_RETRIED_CHAINS - this.#retried.size));
    const chains = new Set([...fresh, ...again]);
    if (chains.size === 0) return;
    const heads = this.#deps.heads([...chains], EVENTS_EACH);
    for (const chain of chains) {
      this.#fresh.delete(chain);
      this.#again.delete(chain);
      const events = heads.get(chain);
      if (events === undefined)
        this.#refusals.forget(chain); // its events were dropped
      else void this.#send(chain, events);
    }
  }

  #retryDue(): void {
    const now = this.#deps.now();
    if (now < this.#lookedAt + RETRY_GAP_MS) return;
    this.#lookedAt = now;
    const due = this.#refusals.due(now).filter((chain) => !this.#inFlight.has(chain));
    for (const chain of due.slice(0, this.#isInDoubt ? RETRIES_IN_DOUBT : RETRIES_AT_ONCE)) this.#again.add(chain);
  }

  /** Never rejects. */
  async #send(chain: number, events: readonly OutboxEvent[]): Promise<void> {
    this.#inFlight.add(chain);
    if (this.#refusals.has(chain)) this.#retried.add(chain);
    this.#ended.push({ chain, ...(await this.#sendChain(chain, events)) });
    if (this.#ended.length > 1) return; // #settle is under way
    await this.#deps.soon();
    try {
      this.#settle();
      this.#sendMore();
    } catch (error) {
      this.#deps.broken(error);
    }
    if (this.#inFlight.size > 0) return;
    this.#idle?.resolve();
    this.#idle = null;
  }

  /** Stops at the first failure, so that the stream never gets a chain's events out of order. Never rejects. */
  async #sendChain(chain: number, events: readonly OutboxEvent[]): Promise<Omit<Ended, "chain">> {
    const sent: number[] = [];
    for (const { id, at, event } of events) {
      const before = this.#acknowledgements;
      try {
        await this.#deps.publish(event);
      } catch (error) {
        this.#noteFailure(chain, { subject: event.subject, since: at, error }, before);
        return { sent, hasFailed: true };
      }
      sent.push(id);
      this.#noteAcknowledged(chain);
    }
    return { sent, hasFailed: false };
  }

  /** One statement for the events of many chains takes less time than one for each. */
  #settle(): void {
    const ended = this.#ended.splice(0);
    for (const { chain } of ended) {
      this.#inFlight.delete(chain);
      this.#retried.delete(chain);
    }
    this.#deps.remove(ended.flatMap(({ sent }) => sent));
    for (const { chain, hasFailed } of ended) if (!hasFailed && this.#deps.hasMore(chain)) this.#fresh.add(chain);
  }

  #noteAcknowledged(chain: number): void {
    this.#acknowledgements += 1;
    this.#deps.acknowledged();
    this.#tryAgain(this.#refusals.settle(chain));
    if (!this.#isInDoubt) return;
    this.#isInDoubt = false;
    this.#tryAgain(this.#refusals.endDoubt());
  }

  #tryAgain(chains: readonly number[]): void {
    for (const chain of chains) this.#again.add(chain);
  }

  /** `before`: the number of acknowledgements when the event was sent. */
  #noteFailure(chain: number, refused: Omit<Refused, "isDoubted">, before: number): void {
    if (this.#deps.isClosed()) return;
    if (!this.#refusals.has(chain) && this.#acknowledgements === before) this.#isInDoubt = true;
    const { now, random, failed } = this.#deps;
    const noted = this.#refusals.note(chain, { ...refused, isDoubted: this.#isInDoubt }, now(), random());
    failed(noted);
  }
}

function firstOf(chains: Iterable<number>, count: number): number[] {
  return [...Iterator.from(chains).take(Math.max(0, count))];
}
