/**
 * Events that NATS has not acknowledged, in the object's own storage; and what was told of each service, so that
 * nothing is told twice.
 */

import type { OutboxEvent } from "./deliver.ts";
import { type DurableEvent, MAX_EVENTS, type ServiceCard } from "./messages.ts";

const COUNTERS_KEY = "dropped";

const TABLES = `
  CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, event TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS told (
    service_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, card TEXT, changed_at INTEGER NOT NULL);
`;

export interface Dropped {
  events: number;
  /** Unix ms; null: never. */
  last_at: number | null;
}

export class Outbox {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  readonly #limit: number;
  #depth: number;

  /** `limit`: events kept at most; the oldest go first. */
  constructor(storage: DurableObjectStorage, limit = MAX_EVENTS) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#limit = limit;
    this.#sql.exec(TABLES);
    this.#depth = this.#count();
  }

  get depth(): number {
    return this.#depth;
  }

  get isFull(): boolean {
    return this.#depth >= this.#limit;
  }

  get dropped(): Dropped {
    return this.#storage.kv.get<Dropped>(COUNTERS_KEY) ?? { events: 0, last_at: null };
  }

  /** When the oldest event came in, Unix ms. */
  oldestAt(): number | null {
    const [row] = this.#sql.exec<{ at: number }>("SELECT at FROM outbox ORDER BY id LIMIT 1");
    return row?.at ?? null;
  }

  /** All that `work` writes, or, when it throws, nothing. */
  together<T>(work: () => T): T {
    try {
      return this.#storage.transactionSync(work);
    } catch (error) {
      this.#depth = this.#count();
      throw error;
    }
  }

  add(events: readonly DurableEvent[], now: number): void {
    for (const event of events) {
      this.#sql.exec("INSERT INTO outbox (at, event) VALUES (?, ?)", now, JSON.stringify(event));
    }
    this.#depth += events.length;
    if (this.#depth > this.#limit) this.#drop(this.#depth - this.#limit, now);
  }

  page(limit: number): OutboxEvent[] {
    const rows = this.#sql.exec<{ id: number; event: string }>(
      "SELECT id, event FROM outbox ORDER BY id LIMIT ?",
      limit,
    );
    return [...rows].map(({ id, event }) => ({ id, event: JSON.parse(event) }));
  }

  remove(ids: readonly number[]): void {
    if (ids.length === 0) return;
    const { rowsWritten } = this.#sql.exec(
      "DELETE FROM outbox WHERE id IN (SELECT value FROM json_each(?))",
      JSON.stringify(ids),
    );
    this.#depth -= rowsWritten;
  }

  /** The newest flip that was told of; 0: none. */
  toldSeq(serviceId: number): number {
    const [row] = this.#sql.exec<{ seq: number }>("SELECT seq FROM told WHERE service_id = ?", serviceId);
    return row?.seq ?? 0;
  }

  tellSeq(serviceId: number, seq: number, now: number): void {
    this.#sql.exec(
      `INSERT INTO told (service_id, seq, changed_at) VALUES (?, ?, ?)
       ON CONFLICT (service_id) DO UPDATE SET seq = excluded.seq, changed_at = excluded.changed_at`,
      serviceId,
      seq,
      now,
    );
  }

  /** As it was registered; null: it is not. */
  registered(serviceId: number): ServiceCard | null {
    const [row] = this.#sql.exec<{ card: string | null }>("SELECT card FROM told WHERE service_id = ?", serviceId);
    return row === undefined || row.card === null ? null : JSON.parse(row.card);
  }

  allRegistered(): Map<number, ServiceCard> {
    const rows = this.#sql.exec<{ service_id: number; card: string }>(
      "SELECT service_id, card FROM told WHERE card IS NOT NULL",
    );
    return new Map([...rows].map(({ service_id, card }) => [service_id, JSON.parse(card)]));
  }

  /** Null: deregistered. */
  setRegistered(serviceId: number, card: ServiceCard | null, now: number): void {
    this.#sql.exec(
      `INSERT INTO told (service_id, seq, card, changed_at) VALUES (?, 0, ?, ?)
       ON CONFLICT (service_id) DO UPDATE SET card = excluded.card, changed_at = excluded.changed_at`,
      serviceId,
      card === null ? null : JSON.stringify(card),
      now,
    );
  }

  /** What was told of services that are gone since before `before`, Unix ms. */
  forget(before: number): void {
    this.#sql.exec("DELETE FROM told WHERE card IS NULL AND changed_at < ?", before);
  }

  #count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM outbox").one().n;
  }

  #drop(count: number, now: number): void {
    this.#sql.exec("DELETE FROM outbox WHERE id IN (SELECT id FROM outbox ORDER BY id LIMIT ?)", count);
    this.#depth -= count;
    this.#storage.kv.put(COUNTERS_KEY, { events: this.dropped.events + count, last_at: now });
  }
}
