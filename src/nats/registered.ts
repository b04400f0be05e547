/**
 * The services whose registration the stream has heard of and whose end it has not. A database that is restored forgets
 * services without a word in its log; what they were is here, changed in the transaction that tells of them.
 */
import type { LoggedEvent, LoggedService } from "../core/hub/events.ts";

/** Deployed hubs have this table. */
const TABLE = "CREATE TABLE IF NOT EXISTS registered (service_id INTEGER PRIMARY KEY, service TEXT NOT NULL)";

export interface Differences {
  /** They have another name now, with which they are in `begun`. */
  renamed: LoggedService[];
  begun: LoggedService[];
  /** They are watched no more. */
  gone: LoggedService[];
}

export class Registered {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
    this.#sql.exec(TABLE);
  }

  /** Returns whether the event is news; and if so, notes it. Call this in the transaction that stores the event. */
  note(event: LoggedEvent): boolean {
    if (event.kind === "registered") return this.#begin(event.body);
    if (event.kind !== "deregistered") return true;
    const { service_id } = event.body;
    return this.#sql.exec("DELETE FROM registered WHERE service_id = ? RETURNING 1", service_id).toArray().length > 0;
  }

  #begin(service: LoggedService): boolean {
    const known = this.#of(service.service_id);
    this.#sql.exec(
      "INSERT OR REPLACE INTO registered (service_id, service) VALUES (?, ?)",
      service.service_id,
      JSON.stringify(service),
    );
    return !isSameName(known, service);
  }

  /** Compares with the services that are watched now. */
  differences(watched: readonly LoggedService[]): Differences {
    const rows = this.#sql.exec<{ service: string }>("SELECT service FROM registered").toArray();
    return differences(
      rows.map(({ service }): LoggedService => JSON.parse(service)),
      watched,
    );
  }

  /** From now on these are registered, and no others. */
  set(watched: readonly LoggedService[]): void {
    this.#sql.exec("DELETE FROM registered");
    for (const service of watched) this.#begin(service);
  }

  #of(serviceId: number): LoggedService | undefined {
    const [row] = this.#sql.exec<{ service: string }>("SELECT service FROM registered WHERE service_id = ?", serviceId);
    return row === undefined ? undefined : JSON.parse(row.service);
  }
}

/** Returns the news for a reader that knows the services `told`. A service with another name is another one. */
export function differences(told: readonly LoggedService[], watched: readonly LoggedService[]): Differences {
  const byId = new Map(told.map((service) => [service.service_id, service]));
  const begun = watched.filter((service) => !isSameName(byId.get(service.service_id), service));
  const ids = new Set(watched.map(({ service_id }) => service_id));
  return {
    begun,
    renamed: begun.flatMap(({ service_id }) => byId.get(service_id) ?? []),
    gone: told.filter(({ service_id }) => !ids.has(service_id)),
  };
}

function isSameName(a: LoggedService | undefined, b: LoggedService): boolean {
  return a?.name === b.name && a.project === b.project;
}
