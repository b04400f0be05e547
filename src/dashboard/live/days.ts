/** The uptime of services by the day, as far as it is known. */

export interface Days {
  /** Start of the first day, Unix ms; the others follow, in UTC. */
  first: number;
  /** Oldest first: a ratio from 0 to 1; null: nothing is known of the day. */
  uptime: readonly (number | null)[];
}

/** Older days are loaded again, and shown until then. */
const FRESH_MS = 300_000;
/** Of so many services the days are kept: of those that were loaded last. */
const MAX_KEPT = 1_000;

export class KnownDays {
  readonly #loadedAt = new Map<number, number>();
  readonly #listeners = new Set<() => void>();
  #known: ReadonlyMap<number, Days> = new Map();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Returns the same map until something changes, as useSyncExternalStore requires. */
  readonly read = (): ReadonlyMap<number, Days> => this.#known;

  /** `now`: Unix ms. */
  lacks(id: number, now: number): boolean {
    return now - (this.#loadedAt.get(id) ?? 0) >= FRESH_MS;
  }

  add(loaded: ReadonlyMap<number, Days>, now: number): void {
    if (loaded.size === 0) return;
    for (const id of loaded.keys()) {
      this.#loadedAt.delete(id); // so that it comes last
      this.#loadedAt.set(id, now);
    }
    const known = new Map([...this.#known, ...loaded]);
    for (const id of this.#loadedAt.keys()) {
      if (this.#loadedAt.size <= MAX_KEPT) break;
      this.#loadedAt.delete(id);
      known.delete(id);
    }
    this.#known = known;
    for (const listener of this.#listeners) listener();
  }
}
