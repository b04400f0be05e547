/**
 * Loads the last checks of the services that are on the screen: with one request for all of them, and one at a time.
 * While the user scrolls, what was passed is not asked for.
 */
import { api, responseBody } from "../api/client.ts";
import type { Past } from "./past.ts";
import type { ServiceStore } from "./service-store.ts";

/** The rows that come on the screen together are asked for together. */
const GATHER_MS = 60;
const AGAIN_MS = 10_000;
/** The hub answers for so many at once. */
const AT_ONCE = 100;

export class PastLoader {
  readonly #store: ServiceStore;
  #visible: readonly number[] = [];
  /** When each service was asked for, Unix ms: the hub may have nothing of it yet. */
  readonly #askedAt = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLoading = false;

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  /** Replaces what was visible before. */
  show(ids: readonly number[]): void {
    this.#visible = ids;
    this.#schedule(GATHER_MS);
  }

  stop(): void {
    this.#visible = [];
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), ms);
  }

  async #load(): Promise<void> {
    const now = Date.now();
    const isDue = (id: number) => this.#store.lacksPast(id) && now - (this.#askedAt.get(id) ?? 0) >= AGAIN_MS;
    const ids = this.#visible.filter(isDue).slice(0, AT_ONCE);
    if (this.#isLoading || ids.length === 0) return;
    this.#isLoading = true;
    this.#store.awaitPasts(ids);
    for (const id of ids) this.#askedAt.set(id, now);
    const pasts = await readPasts(ids).catch(() => new Map<number, Past>()); // the rows are shown without bars
    for (const id of pasts.keys()) this.#askedAt.delete(id);
    this.#store.addPasts(ids, pasts);
    this.#isLoading = false;
    if (this.#visible.length > 0) this.#schedule(0); // others may be on the screen by now
  }
}

async function readPasts(ids: readonly number[]): Promise<Map<number, Past>> {
  const { services } = await responseBody(api["latest-checks"].$get({ query: { ids: ids.join() } }));
  return new Map(
    services.map(({ id, interval, checks }) => [
      id,
      { interval, checks: checks.map(([at, status, latency_ms]) => ({ at, status, latency_ms })) },
    ]),
  );
}
