/**
 * Keys that were valid lately. A heartbeat must be heard while the database is away, and its key can't be looked up
 * then. Each instance of the Worker remembers the keys that it has seen itself.
 */
import { KEY_REMEMBERED_MS } from "../../core/time/durations.ts";
import type { Principal } from "../context.ts";

const MAX_KEYS = 1_000;

export class KnownKeys {
  readonly #keys = new Map<string, { principal: Principal; until: number }>();

  /** `hash`: of the key. `now`: Unix ms. */
  remember(hash: string, principal: Principal, now: number): void {
    this.#keys.delete(hash); // the newest is last
    this.#keys.set(hash, { principal, until: now + KEY_REMEMBERED_MS });
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size <= MAX_KEYS) break;
      this.#keys.delete(oldest);
    }
  }

  recall(hash: string, now: number): Principal | null {
    const known = this.#keys.get(hash);
    return known !== undefined && known.until > now ? known.principal : null;
  }

  forget(hash: string): void {
    this.#keys.delete(hash);
  }

  /** Forgets the keys of these ids, and the sessions that were begun with them; null: those with the admin token. */
  forgetAll(ids: readonly (number | null)[]): void {
    for (const [hash, { principal }] of this.#keys) if (ids.includes(principal.key)) this.#keys.delete(hash);
  }
}

export const knownKeys = new KnownKeys();
