/**
 * One-time tickets that let a browser open a WebSocket without showing its key in a URL. They are stored, because the
 * object may be evicted before a ticket is used.
 */
import { TICKET_VALID_MS } from "../../core/time/durations.ts";
import type { Ticket } from "../../platform/board-rpc.ts";

const MAX_TICKETS = 1_000;
const PREFIX = "ticket:";

interface Stored extends Ticket {
  /** Unix ms. */
  until: number;
}

export class TicketBox {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  issue({ scope, key, projects }: Ticket, now: number): string {
    const oldestFirst = this.#all().sort(([, a], [, b]) => a.until - b.until);
    const surplus = oldestFirst.length + 1 - MAX_TICKETS;
    oldestFirst.forEach(([name, { until }], index) => {
      if (until <= now || index < surplus) this.#storage.kv.delete(name);
    });
    const ticket = crypto.randomUUID();
    this.#storage.kv.put<Stored>(PREFIX + ticket, { scope, key, projects, until: now + TICKET_VALID_MS });
    return ticket;
  }

  redeem(ticket: string, now: number): Ticket | null {
    const known = this.#storage.kv.get<Stored>(PREFIX + ticket);
    if (known === undefined) return null;
    this.#storage.kv.delete(PREFIX + ticket);
    const isValid = known.until > now && known.until <= now + TICKET_VALID_MS; // a clock may have been ahead
    return isValid ? { scope: known.scope, key: known.key, projects: known.projects ?? null } : null;
  }

  /** Forgets the tickets that a key got. */
  revoke(key: number): void {
    for (const [name, ticket] of this.#all()) if (ticket.key === key) this.#storage.kv.delete(name);
  }

  #all(): [string, Stored][] {
    return [...this.#storage.kv.list<Stored>({ prefix: PREFIX })];
  }
}
