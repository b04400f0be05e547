/** The nonces of signed requests. They are stored, because the object is evicted long before a signature is too old. */
import { NONCE_KEPT_MS } from "../../core/time/durations.ts";

/** A hub makes some requests a minute. */
const MAX_NONCES = 5_000;

export class Nonces {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS nonces (nonce TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID");
  }

  /** `full`: there were too many requests in two minutes. `now`: Unix ms. */
  use(nonce: string, now: number): "new" | "used" | "full" {
    this.#sql.exec("DELETE FROM nonces WHERE abs(at - ?) > ?", now, NONCE_KEPT_MS);
    if (this.#sql.exec("SELECT 1 FROM nonces WHERE nonce = ?", nonce).toArray().length > 0) return "used";
    const { count } = this.#sql.exec<{ count: number }>("SELECT count(*) AS count FROM nonces").one();
    if (count >= MAX_NONCES) return "full";
    this.#sql.exec("INSERT INTO nonces (nonce, at) VALUES (?, ?)", nonce, now);
    return "new";
  }
}
