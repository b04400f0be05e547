/**
 * Loads the details of all services into the store, page by page; the feed does not send them. They stay when the user
 * goes to another page and comes back.
 */
import type { InferResponseType } from "hono/client";
import { everyPage } from "../../client/every-page.ts";
import { api, responseBody } from "../api/client.ts";
import type { ServiceStore } from "./service-store.ts";

/** The first page is small, so that the first services appear quickly. */
const FIRST_PAGE = 100;
const PAGE = 1_000;
/** The services of stopped projects are shown as such. */
const ALL = { include_stopped: "true" } as const;
/** The feed tells what changed since; only details such as tags and errors may be older. */
const FRESH_MS = 60_000;

type Wanted = typeof ALL & { project?: string };
type ServicePage = InferResponseType<typeof api.services.$get, 200>;

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

  /** Loads the services of a project that was started or stopped. */
  async reload(project: number): Promise<void> {
    await this.#loadEach({ ...ALL, project: String(project) }, () => {}).catch(() => {}); // the next list has them
  }

  async #loadAll(): Promise<void> {
    let loaded = 0;
    await this.#loadEach(ALL, (page) => {
      loaded += page.services.length;
      const isFirstTime = this.#loadedAt === 0;
      this.#tell({ loaded: isFirstTime ? loaded : page.total, total: page.total, error: null });
    });
  }

  async #loadEach(wanted: Wanted, loaded: (page: ServicePage) => void): Promise<void> {
    await everyPage(async ({ cursor }) => {
      const query = cursor === undefined ? { limit: String(FIRST_PAGE) } : { limit: String(PAGE), cursor };
      const page = await responseBody(api.services.$get({ query: { ...wanted, ...query } }));
      this.#store.addListed(page.services);
      loaded(page);
      return { entries: [], next: page.next_cursor };
    });
  }

  #tell(progress: Progress): void {
    this.#progress = progress;
    for (const listener of this.#listeners) listener();
  }
}
