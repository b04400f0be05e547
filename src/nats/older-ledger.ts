/**
 * The announcements of an older release: it kept a ledger of its announcements, where this one has a position in the log of
 * events. The ledger is read only, and only for as long as something of the older release's time may still come.
 */

import type { LoggedEvent, LoggedService } from "../core/hub/events.ts";
import { epochOrder } from "../core/service/epoch.ts";
import type { DurableEvent } from "./messages.ts";
import { type Differences, differences } from "./registered.ts";

/** Nothing of an older release comes later than this: queues keep messages for four days, and the log for 30. */
const KEPT_MS = 30 * 86_400_000;
const EPOCH_KEY = "epoch";
/** When this release first read the log, Unix ms. */
const SINCE_KEY = "ledger_since";

/** A service as the ledger notes it. */
interface Card extends Omit<LoggedService, "service_id" | "service_type" | "epoch"> {
  id: number;
  type: string;
  /** Absent in 0.2.0 and before. */
  epoch?: string;
}

export class OlderLedger {
  readonly #storage: DurableObjectStorage;

  private constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Returns null for a bridge that never belonged to an older release, or not lately. */
  static of(storage: DurableObjectStorage, now: number): OlderLedger | null {
    const { n } = storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM sqlite_master WHERE name = 'told'").one();
    if (n === 0) return null;
    const since = storage.kv.get<number>(SINCE_KEY);
    if (since === undefined) storage.kv.put(SINCE_KEY, now);
    if (since === undefined || now - since < KEPT_MS) return new OlderLedger(storage);
    storage.sql.exec("DROP TABLE told");
    storage.kv.delete(SINCE_KEY);
    storage.kv.delete(EPOCH_KEY);
    return null;
  }

  /** Whether the older release has told this flip. In another life of the database flips are counted anew. */
  hasTold(event: LoggedEvent): boolean {
    if (event.kind !== "flip") return false;
    const { epoch, service_id, seq } = event.body;
    const [row] = this.#storage.sql.exec<{ seq: number }>("SELECT seq FROM told WHERE service_id = ?", service_id);
    const order = epochOrder(epoch, this.#epoch);
    return order === "older" || (order === "same" && seq <= (row?.seq ?? 0));
  }

  /**
   * Where a service had a new name, the end of the old one and the beginning of the new one had the same revision, so the
   * id of the next end may be used already.
   */
  withFreshId(event: DurableEvent): DurableEvent {
    if (event.type !== "commandcenter.service.deregistered") return event;
    const card = this.#card(event.service_id);
    const isUsed = card?.epoch !== undefined && event.id.endsWith(`:${card.epoch}:${card.id}:deregistered-${card.rev}`);
    return isUsed ? { ...event, id: `${event.id}-again` } : event;
  }

  /**
   * Compares the services that are watched with those that the older release told of.
   */
  differences(watched: readonly LoggedService[]): Differences {
    const [first] = watched;
    // 0.2.0 did not say in which life of the database it was: in the one that is found now.
    if (this.#epoch === "" && first !== undefined) this.#storage.kv.put(EPOCH_KEY, first.epoch);
    return differences(this.#registered(), watched);
  }

  /** The life of the database that the ledger belongs to; empty: not known. */
  get #epoch(): string {
    return this.#storage.kv.get<string>(EPOCH_KEY) ?? "";
  }

  #card(serviceId: number): Card | null {
    const [row] = this.#storage.sql.exec<{ card: string | null }>(
      "SELECT card FROM told WHERE service_id = ?",
      serviceId,
    );
    return JSON.parse(row?.card ?? "null");
  }

  #registered(): LoggedService[] {
    const rows = this.#storage.sql.exec<{ card: string }>("SELECT card FROM told WHERE card IS NOT NULL");
    return rows.toArray().map(({ card }) => {
      const { id: service_id, type: service_type, ...service }: Card = JSON.parse(card);
      return { epoch: this.#epoch, ...service, service_id, service_type };
    });
  }
}
