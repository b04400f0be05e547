/**
 * Takes the events of the hub's log into the outbox. How far it has come is stored in the transaction that stores the
 * events, so each event comes into the outbox once, whatever ends in between.
 */

import type { EventLog, LoggedEvent, LoggedService, LogPosition, WholeLog } from "../core/hub/events.ts";
import type { Clock } from "../core/time/clock.ts";
import { errorText, log } from "../platform/log.ts";
import { EventCodes } from "./event-codes.ts";
import { type DurableEvent, durableEvent, registryEvent } from "./messages.ts";
import { OlderLedger } from "./older-ledger.ts";
import type { Outbox } from "./outbox.ts";
import { Registered } from "./registered.ts";

/** Deployed hubs store under this key. */
const POSITION_KEY = "log";
const PAGE_EVENTS = 200;

/** `at`: when the last event was written that came into the outbox, Unix ms. */
type Position = LogPosition & { at: number };

type RegistryEvent = Extract<LoggedEvent, { kind: "registered" | "deregistered" }>;

export interface LogReaderDeps {
  storage: DurableObjectStorage;
  log: EventLog;
  clock: Clock;
  hubId: string;
  outbox: Outbox;
  /** Whether a full outbox may give up its oldest events. If not, the others wait in the log. */
  mayDrop(): boolean;
  /** These chains of the outbox have more events. */
  added(chains: ReadonlySet<number>): void;
}

export class LogReader {
  readonly #deps: LogReaderDeps;
  readonly #codes: EventCodes;
  readonly #registered: Registered;
  #last: Promise<void> = Promise.resolve();
  /** Has not begun. */
  #next: Promise<void> | null = null;
  #isBehind = false;
  #hasFailed = false;

  constructor(deps: LogReaderDeps) {
    this.#deps = deps;
    this.#codes = new EventCodes(deps.storage);
    this.#registered = new Registered(deps.storage);
  }

  /** Whether the outbox had no room for everything. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /** The id of the last event that came into the outbox; 0: none. */
  get readUpTo(): number {
    return this.#position?.id ?? 0;
  }

  /** Reads what is new. Never rejects: while the database does not answer, the events stay in the log. */
  read(): Promise<void> {
    // Callers that ask while it reads share the reading after that, which finds what came in between.
    this.#next ??= this.#last = this.#last.then(async () => {
      this.#next = null;
      await this.#read();
    });
    return this.#next;
  }

  get #position(): Position | undefined {
    return this.#deps.storage.kv.get<Position>(POSITION_KEY);
  }

  async #read(): Promise<void> {
    try {
      while (await this.#readPage());
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) log("warn", "nats.log_unread", { error: errorText(error) });
      this.#hasFailed = true;
    }
  }

  /** Returns whether there are more events, and room for them. */
  async #readPage(): Promise<boolean> {
    const { log: events, outbox, mayDrop } = this.#deps;
    this.#isBehind = !outbox.hasRoom(PAGE_EVENTS) && !mayDrop();
    if (this.#isBehind) return false;
    const position = this.#position;
    if (position === undefined) return await this.#begin();
    const page = await events.after(position, PAGE_EVENTS, position.at);
    if (page.isOther) return await this.#compare({ ...page.from, at: position.at });
    if (page.unread > 0) log("error", "nats.unreadable_events", { events: page.unread });
    const ledger = OlderLedger.of(this.#deps.storage, this.#deps.clock.now());
    const read = await Promise.all(
      page.events.map(async (event) => ({ event, told: await this.#coded([this.#durable(event, ledger)]) })),
    );
    this.#store({ ...page.next, at: page.events.at(-1)?.at ?? position.at }, () =>
      read.flatMap(({ event, told }) => (this.#registered.note(event) ? told : [])),
    );
    return page.more;
  }

  /**
   * Begins with what is watched now. A bridge that an older release has left goes on where that one ended: it tells what
   * that release has not told.
   */
  async #begin(): Promise<boolean> {
    const { storage, log: events, clock } = this.#deps;
    const now = clock.now();
    const ledger = OlderLedger.of(storage, now);
    if (ledger === null) return await this.#compare(null);
    const whole = await events.whole();
    const news = await this.#coded(this.#untold(ledger, whole, now));
    this.#store({ ...whole.end, at: now }, () => {
      this.#registered.set(servicesOf(whole.beginnings));
      return news;
    });
    return true;
  }

  /**
   * Tells how what is watched differs from what was told, and goes on at a position, or at the end of the log. It makes up
   * for what the log does not tell: what was before it, or before the database was restored.
   */
  async #compare(next: Position | null): Promise<boolean> {
    const { log: events, clock } = this.#deps;
    const { end, beginnings } = await events.start();
    const now = clock.now();
    const watched = servicesOf(beginnings);
    const { renamed, begun, gone } = this.#registered.differences(watched);
    const news = await this.#coded([
      ...[...renamed, ...gone].map((service) => registryEvent("deregistered", this.#deps.hubId, service, now)),
      ...begun.map((service) => registryEvent("registered", this.#deps.hubId, service, now)),
    ]);
    this.#store(next ?? { ...end, at: now }, () => {
      this.#registered.set(watched);
      return news;
    });
    return true;
  }

  /** Where the log began, that release and the registry may have differed. From there on the log tells everything. */
  #untold(ledger: OlderLedger, start: WholeLog, now: number): DurableEvent[] {
    const { renamed, begun, gone } = ledger.differences(watchedBefore(start));
    const { hubId } = this.#deps;
    return [
      ...[...renamed, ...gone].map((service) => ledger.withFreshId(registryEvent("deregistered", hubId, service, now))),
      ...begun.map((service) => registryEvent("registered", hubId, service, now)),
      ...start.events.flatMap((event) => this.#durable(event, ledger) ?? []),
    ];
  }

  /** Returns null for what is not to be told. */
  #durable(event: LoggedEvent, ledger: OlderLedger | null): DurableEvent | null {
    if (ledger?.hasTold(event)) return null;
    const told = durableEvent(this.#deps.hubId, event);
    return told === null || ledger === null ? told : ledger.withFreshId(told);
  }

  async #coded(events: readonly (DurableEvent | null)[]): Promise<DurableEvent[]> {
    const told = events.filter((event) => event !== null);
    return await Promise.all(told.map(async (event) => ({ ...event, code: await this.#codes.codeOf(event.id) })));
  }

  /** `make` is called in the transaction, and may write to this storage. */
  #store(position: Position, make: () => readonly DurableEvent[]): void {
    const { storage, outbox, clock, added } = this.#deps;
    const chains = outbox.transaction(() => {
      storage.kv.put(POSITION_KEY, position);
      return outbox.add(make(), clock.now());
    });
    if (chains.size > 0) added(chains);
  }
}

function servicesOf(beginnings: readonly LoggedEvent[]): LoggedService[] {
  return beginnings.filter(isOfRegistry).map(({ body }) => body);
}

/** The services that were watched when the log began: the first event of each tells whether it was. */
function watchedBefore({ beginnings, events }: WholeLog): LoggedService[] {
  const first = new Map<number, RegistryEvent>();
  for (const event of events) {
    if (isOfRegistry(event) && !first.has(event.body.service_id)) first.set(event.body.service_id, event);
  }
  const ended = [...first.values()].filter(({ kind }) => kind === "deregistered");
  const unchanged = beginnings.filter(isOfRegistry).filter(({ body }) => !first.has(body.service_id));
  return [...ended, ...unchanged].map(({ body }) => body);
}

function isOfRegistry(event: LoggedEvent): event is RegistryEvent {
  return event.kind === "registered" || event.kind === "deregistered";
}
