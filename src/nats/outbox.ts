/** The outbox: events that NATS has not acknowledged yet. The events lie in the storage of the bridge's object. */

import type { OutboxEvent } from "./deliver.ts";
import { type DurableEvent, MAX_EVENTS } from "./messages.ts";

/** Deployed hubs store under this key and in this table, so both names stay as they are. */
const DROPPED_KEY = "dropped";
const TABLE = `
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, event TEXT NOT NULL)
`;
const SERVICE = "json_extract(event, '$.service_id')";
const PLACE = "json_extract(event, '$.place')";
/** The chain of an event, see deliver.ts; what an older release stored has none, and is in the chain of its service. */
const CHAIN = `coalesce(json_extract(event, '$.chain'), ${SERVICE})`;
const INDEXES = [
  `CREATE INDEX IF NOT EXISTS outbox_by_chain ON outbox (${CHAIN})`,
  `CREATE INDEX IF NOT EXISTS outbox_by_service ON outbox (${SERVICE})`,
  `CREATE INDEX IF NOT EXISTS outbox_by_place ON outbox (${PLACE})`,
  "DROP INDEX IF EXISTS outbox_chain",
];

export interface Dropped {
  events: number;
  /** Time of the last drop, Unix ms; null: no event was ever dropped. */
  last_at: number | null;
}

export class Outbox {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #limit: number;
  /** Number of events of each chain that has events. */
  #depths: Map<number, number>;
  #depth: number;

  /**
   * `limit`: how many events the outbox keeps. An event beyond the limit replaces the oldest one of the chain that has
   * most events, so that a chain which is refused costs the others nothing.
   */
  constructor(storage: DurableObjectStorage, limit = MAX_EVENTS) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#limit = limit;
    this.#sql.exec(TABLE);
    for (const statement of INDEXES) this.#sql.exec(statement);
    this.#depths = this.#count();
    this.#depth = sum(this.#depths.values());
  }

  get depth(): number {
    return this.#depth;
  }

  get isFull(): boolean {
    return this.#depth >= this.#limit;
  }

  /** Whether so many more events fit in, and none is given up for them. */
  hasRoom(events: number): boolean {
    return this.#depth + events <= this.#limit;
  }

  get dropped(): Dropped {
    return this.#storage.kv.get<Dropped>(DROPPED_KEY) ?? { events: 0, last_at: null };
  }

  /** Time at which the oldest event was added, Unix ms; null: the outbox is empty. */
  oldestAt(): number | null {
    const [row] = this.#sql.exec<{ at: number }>("SELECT at FROM outbox ORDER BY id LIMIT 1");
    return row?.at ?? null;
  }

  /**
   * Stores everything that `work` writes to this storage, or nothing when `work` throws. It also covers other classes
   * on the same storage, such as LogReader. Throws the error of `work`.
   */
  transaction<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.#depths = this.#count();
      this.#depth = sum(this.#depths.values());
      throw error;
    }
  }

  /** Returns the chains that have events. */
  chains(): number[] {
    return [...this.#depths.keys()];
  }

  depthOf(chain: number): number {
    return this.#depths.get(chain) ?? 0;
  }

  /** Returns the chains of the events. `now`: Unix ms. */
  add(events: readonly DurableEvent[], now: number): Set<number> {
    const chains = new Set<number>();
    for (const event of events) {
      const chain = this.#chainOf(event);
      const stored = chain === event.service_id ? event : { ...event, chain };
      this.#sql.exec("INSERT INTO outbox (at, event) VALUES (?, ?)", now, JSON.stringify(stored));
      this.#change(chain, 1);
      chains.add(chain);
    }
    if (this.#depth > this.#limit) this.#drop(this.#depth - this.#limit, now);
    return chains;
  }

  /**
   * A chain is a service. But one that has the name of another one, of which something still waits, comes behind that:
   * consumers know services by their names.
   */
  #chainOf({ service_id, place }: DurableEvent): number {
    if (this.#depth === 0) return service_id;
    const own = this.#lastChain(SERVICE, service_id);
    return own ?? (place === undefined ? null : this.#lastChain(PLACE, place)) ?? service_id;
  }

  /** The chain of the newest event for which the expression has this value. */
  #lastChain(expression: string, value: string | number): number | null {
    const statement = `SELECT ${CHAIN} AS chain FROM outbox WHERE ${expression} = ? ORDER BY id DESC LIMIT 1`;
    const [row] = this.#sql.exec<{ chain: number }>(statement, value);
    return row?.chain ?? null;
  }

  /** Returns the oldest events of each chain, at most `each`, oldest first. Leaves out chains without events. */
  heads(chains: readonly number[], each: number): Map<number, OutboxEvent[]> {
    const rows = this.#sql.exec<{ chain: number; id: number; at: number; event: string }>(
      `SELECT chain.value AS chain, outbox.id, outbox.at, outbox.event FROM json_each(?) AS chain
       JOIN outbox ON outbox.id IN (SELECT id FROM outbox WHERE ${CHAIN} = chain.value ORDER BY id LIMIT ?)
       ORDER BY outbox.id`,
      JSON.stringify(chains),
      each,
    );
    const events = [...rows].map(({ event, ...row }) => ({ ...row, event: JSON.parse(event) }));
    return Map.groupBy(events, ({ chain }) => chain);
  }

  /** Ids that are not in the outbox are ignored. */
  remove(ids: readonly number[]): void {
    if (ids.length === 0) return;
    this.#delete("SELECT value FROM json_each(?)", JSON.stringify(ids));
  }

  #delete(ids: string, ...values: (string | number)[]): void {
    const statement = `DELETE FROM outbox WHERE id IN (${ids}) RETURNING ${CHAIN} AS chain`;
    for (const { chain } of this.#sql.exec<{ chain: number }>(statement, ...values).toArray()) this.#change(chain, -1);
  }

  #change(chain: number, by: number): void {
    const depth = this.depthOf(chain) + by;
    if (depth > 0) this.#depths.set(chain, depth);
    else this.#depths.delete(chain);
    this.#depth += by;
  }

  #count(): Map<number, number> {
    const statement = `SELECT ${CHAIN} AS chain, count(*) AS n FROM outbox GROUP BY chain ORDER BY min(id)`;
    const rows = this.#sql.exec<{ chain: number; n: number }>(statement);
    return new Map([...rows].map(({ chain, n }) => [chain, n]));
  }

  #drop(count: number, now: number): void {
    for (let left = count; left > 0; left--) {
      this.#delete(`SELECT id FROM outbox WHERE ${CHAIN} = ? ORDER BY id LIMIT 1`, this.#fattest());
    }
    this.#storage.kv.put(DROPPED_KEY, { events: this.dropped.events + count, last_at: now });
  }

  /** Of equals, the chain that has had events for longest. */
  #fattest(): number {
    let fattest = 0;
    let most = 0;
    for (const [chain, depth] of this.#depths) if (depth > most) [fattest, most] = [chain, depth];
    return fattest;
  }
}

function sum(numbers: Iterable<number>): number {
  return Iterator.from(numbers).reduce((total, each) => total + each, 0);
}
