/**
 * Takes the events of the hub's log into the outbox. How far it has come is stored in the transaction that stores the
 * events, so each event comes into the outbox once, whatever ends in between.
 */
import type { Clock } from "../core/clock.ts";
import type { EventLog, LoggedEvent, LoggedService, LogPosition, WholeLog } from "../core/events.ts";
import { errorText, log } from "../platform/log.ts";
import { EventCodes } from "./event-codes.ts";
import { type DurableEvent, durableEvent, registryEvent } from "./messages.ts";
import { OlderLedger } from "./older-ledger.ts";
import type { Outbox } from "./outbox.ts";

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
  /** These are in the outbox now. */
  added(events: readonly DurableEvent[]): void;
}

export class LogReader {
  readonly #deps: LogReaderDeps;
  readonly #codes: EventCodes;
  #last: Promise<void> = Promise.resolve();
  /** Has not begun. */
  #next: Promise<void> | null = null;
  #isBehind = false;
  #hasFailed = false;

  constructor(deps: LogReaderDeps) {
    this.#deps = deps;
    this.#codes = new EventCodes(deps.storage);
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
    // Who asks while it reads shares the reading after that, which finds what came in between.
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
    const page = position === undefined ? null : await events.after(position, PAGE_EVENTS, position.at);
    if (position === undefined || page === null || page.isIncomplete) return await this.#begin();
    if (page.unread > 0) log("error", "nats.unreadable_events", { events: page.unread });
    const ledger = OlderLedger.of(this.#deps.storage, this.#deps.clock.now());
    const news = this.#durable(page.events, ledger);
    await this.#store(news, { ...page.next, at: page.events.at(-1)?.at ?? position.at });
    return page.more;
  }

  /**
   * Begins with what is watched now. A bridge that an older release has left goes on where that one ended: it tells what
   * that release has not told.
   */
  async #begin(): Promise<boolean> {
    const { storage, log: events, clock } = this.#deps;
    const now = clock.now();
    const ledger = this.#position === undefined ? OlderLedger.of(storage, now) : null;
    const whole = ledger === null ? null : await events.whole();
    const start = whole ?? (await events.start());
    const news =
      ledger === null || whole === null ? this.#durable(start.beginnings, null) : this.#untold(ledger, whole, now);
    await this.#store(news, { ...start.end, at: now });
    return true;
  }

  /** Where the log began, that release and the registry may have differed. From there on the log tells everything. */
  #untold(ledger: OlderLedger, start: WholeLog, now: number): DurableEvent[] {
    const { renamed, begun, gone } = ledger.differences(watchedBefore(start));
    const { hubId } = this.#deps;
    return [
      ...[...renamed, ...gone].map((service) => ledger.withFreshId(registryEvent("deregistered", hubId, service, now))),
      ...begun.map((service) => registryEvent("registered", hubId, service, now)),
      ...this.#durable(start.events, ledger),
    ];
  }

  #durable(events: readonly LoggedEvent[], ledger: OlderLedger | null): DurableEvent[] {
    const news = ledger === null ? events : events.filter((event) => !ledger.hasTold(event));
    const durable = news.flatMap((event) => durableEvent(this.#deps.hubId, event) ?? []);
    return ledger === null ? durable : durable.map((event) => ledger.withFreshId(event));
  }

  async #store(named: readonly DurableEvent[], position: Position): Promise<void> {
    const { storage, outbox, clock, added } = this.#deps;
    const events = await Promise.all(
      named.map(async (event) => ({ ...event, code: await this.#codes.codeOf(event.id) })),
    );
    outbox.transaction(() => {
      outbox.add(events, clock.now());
      storage.kv.put(POSITION_KEY, position);
    });
    if (events.length > 0) added(events);
  }
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
