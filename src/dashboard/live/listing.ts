/**
 * Loads the details of all services into the store, page by page; the feed does not send them. They stay when the user
 * goes to another page and comes back.
 */
import { everyPage } from "../../client/every-page.ts";
import { api, responseBody } from "../api/client.ts";
import type { ServiceStore } from "./service-store.ts";

/** The first page is small, so that the first services appear quickly. */
const FIRST_PAGE = 100;
const PAGE = 1_000;
/** The feed tells what changed since; only details such as tags and errors may be older. */
const FRESH_MS = 60_000;

export interface Progress {
  /** Number of services that are loaded. */
  loaded: number;
  /** Null until the first page is loaded. */
  total: number | null;
  error: Error | null;
}

export class Listing {
  readonly #store: ServiceStore;
  readonly #listeners = new Set<() => void>();
  #progress: Progress = { loaded: 0, total: null, error: null };
  #isLoading = false;
  /** When the last whole list was there, Unix ms. */
  #loadedAt = 0;

  constructor(store: ServiceStore) {
    this.#store = store;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly read = (): Progress => this.#progress;

  /** Loads the list unless it is fresh or on its way. */
  ensure(): void {
    if (this.#isLoading || Date.now() - this.#loadedAt < FRESH_MS) return;
    this.#isLoading = true;
    this.#loadAll()
      .then(() => {
        this.#loadedAt = Date.now();
      })
      .catch((error: Error) => this.#tell({ ...this.#progress, error }))
      .finally(() => {
        this.#isLoading = false;
      });
  }

  async #loadAll(): Promise<void> {
    let loaded = 0;
    await everyPage(async ({ cursor }) => {
      const query = cursor === undefined ? { limit: String(FIRST_PAGE) } : { limit: String(PAGE), cursor };
      const page = await responseBody(api.services.$get({ query }));
      this.#store.addListed(page.services);
      loaded += page.services.length;
      const isFirstTime = this.#loadedAt === 0;
      this.#tell({ loaded: isFirstTime ? loaded : page.total, total: page.total, error: null });
      return { entries: [], next: page.next_cursor };
    });
  }

  #tell(progress: Progress): void {
    this.#progress = progress;
    for (const listener of this.#listeners) listener();
  }
}
