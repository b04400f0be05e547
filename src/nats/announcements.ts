/**
 * The ledger of announcements: which flip and which registration of each service the hub has announced. The bridge
 * reads the ledger before it announces anything, so that it announces nothing twice.
 */

import { epochOrder } from "../core/epoch.ts";
import type { ServiceCard } from "./messages.ts";

/**
 * Deployed hubs have this table, so its name and its columns stay as they are. `card` is null: deregistered. `left_rev`:
 * the revision with which it was; null: it never was, or an older release noted it.
 */
const TABLE = `
  CREATE TABLE IF NOT EXISTS told (
    service_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, card TEXT, changed_at INTEGER NOT NULL, left_rev INTEGER)
`;
const HAS_LEFT_REV = "SELECT count(*) AS n FROM pragma_table_info('told') WHERE name = 'left_rev'";

const EPOCH_KEY = "epoch";

export class Announcements {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.#sql.exec(TABLE);
    if (this.#sql.exec<{ n: number }>(HAS_LEFT_REV).one().n === 0)
      this.#sql.exec("ALTER TABLE told ADD COLUMN left_rev INTEGER");
  }

  /**
   * Returns false for what belongs to an earlier life of the database. In a later one flips are counted from another
   * point.
   */
  enter(epoch: string): boolean {
    const known = this.#storage.kv.get<string>(EPOCH_KEY) ?? "";
    const order = epochOrder(epoch, known);
    if (order === "newer") this.#sql.exec("UPDATE told SET seq = 0, left_rev = NULL");
    if (order !== "older" && epoch !== "" && epoch !== known) this.#storage.kv.put(EPOCH_KEY, epoch);
    return order !== "older";
  }

  /** Returns the `seq` of the newest announced flip; 0: no flip was announced. */
  announcedSeq(serviceId: number): number {
    const [row] = this.#sql.exec<{ seq: number }>("SELECT seq FROM told WHERE service_id = ?", serviceId);
    return row?.seq ?? 0;
  }

  /** `now`: Unix ms. */
  setAnnouncedSeq(serviceId: number, seq: number, now: number): void {
    this.#sql.exec(
      `INSERT INTO told (service_id, seq, changed_at) VALUES (?, ?, ?)
       ON CONFLICT (service_id) DO UPDATE SET seq = excluded.seq, changed_at = excluded.changed_at`,
      serviceId,
      seq,
      now,
    );
  }

  /** Returns the service as its registration was announced; null: it is not registered. */
  registered(serviceId: number): ServiceCard | null {
    const [row] = this.#sql.exec<{ card: string | null }>("SELECT card FROM told WHERE service_id = ?", serviceId);
    return row === undefined || row.card === null ? null : parseCard(row.card);
  }

  /** Whether the end of the service's registration was announced, with this revision or a later one. */
  hasLeft(serviceId: number, rev: number): boolean {
    const rows = this.#sql.exec(
      "SELECT 1 FROM told WHERE service_id = ? AND card IS NULL AND left_rev >= ?",
      serviceId,
      rev,
    );
    return rows.toArray().length > 0;
  }

  /** Returns all registered services by their id. */
  allRegistered(): Map<number, ServiceCard> {
    const rows = this.#sql.exec<{ service_id: number; card: string }>(
      "SELECT service_id, card FROM told WHERE card IS NOT NULL",
    );
    return new Map([...rows].map(({ service_id, card }) => [service_id, parseCard(card)]));
  }

  /** Notes that this was announced. `now`: Unix ms. */
  setRegistered(card: ServiceCard, isRegistered: boolean, now: number): void {
    this.#sql.exec(
      `INSERT INTO told (service_id, seq, card, changed_at, left_rev) VALUES (?, 0, ?, ?, ?)
       ON CONFLICT (service_id) DO UPDATE
       SET card = excluded.card, changed_at = excluded.changed_at, left_rev = excluded.left_rev`,
      card.id,
      isRegistered ? JSON.stringify(card) : null,
      now,
      isRegistered ? null : card.rev,
    );
  }

  /** Forgets services that are not registered and have had no announcement since `before`, Unix ms. */
  forgetGone(before: number): void {
    this.#sql.exec("DELETE FROM told WHERE card IS NULL AND changed_at < ?", before);
  }
}

/** An older release stored no epoch. */
function parseCard(card: string): ServiceCard {
  return { epoch: "", ...JSON.parse(card) };
}
