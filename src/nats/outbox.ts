/** The outbox: events that NATS has not acknowledged yet. The events lie in the storage of the bridge's object. */

import type { OutboxEvent } from "./deliver.ts";
import { type DurableEvent, MAX_EVENTS } from "./messages.ts";

/** Deployed hubs store under this key and in this table, so both names stay as they are. */
const DROPPED_KEY = "dropped";
const TABLE = `
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, event TEXT NOT NULL)
`;

export interface Dropped {
  events: number;
  /** Time of the last drop, Unix ms; null: no event was ever dropped. */
  last_at: number | null;
}

export class Outbox {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #limit: number;
  #depth: number;

  /** `limit`: how many events the outbox keeps. An event beyond the limit replaces the oldest one. */
  constructor(storage: DurableObjectStorage, limit = MAX_EVENTS) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#limit = limit;
    this.#sql.exec(TABLE);
    this.#depth = this.#count();
  }

  get depth(): number {
    return this.#depth;
  }

  get isFull(): boolean {
    return this.#depth >= this.#limit;
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
   * on the same storage, such as Announcements. Throws the error of `work`.
   */
  transaction<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.#depth = this.#count();
      throw error;
    }
  }

  /** `now`: Unix ms. */
  add(events: readonly DurableEvent[], now: number): void {
    for (const event of events) {
      this.#sql.exec("INSERT INTO outbox (at, event) VALUES (?, ?)", now, JSON.stringify(event));
    }
    this.#depth += events.length;
    if (this.#depth > this.#limit) this.#drop(this.#depth - this.#limit, now);
  }

  /** Returns the oldest events, oldest first. */
  page(limit: number): OutboxEvent[] {
    const rows = this.#sql.exec<{ id: number; event: string }>(
      "SELECT id, event FROM outbox ORDER BY id LIMIT ?",
      limit,
    );
    return [...rows].map(({ id, event }) => ({ id, event: JSON.parse(event) }));
  }

  /** Ids that are not in the outbox are ignored. */
  remove(ids: readonly number[]): void {
    if (ids.length === 0) return;
    const { rowsWritten } = this.#sql.exec(
      "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
    this.#depth -= rowsWritten;
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM outbox").one().n;
  }

  #drop(count: number, now: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ?)", count);
    this.#depth -= count;
    this.#storage.kv.put(DROPPED_KEY, { events: this.dropped.events + count, last_at: now });
  }
}
