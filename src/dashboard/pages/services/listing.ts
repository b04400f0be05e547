/** Loads the details of all services into the store, page by page. The feed does not send these details. */
import { useEffect, useState } from "react";
import { api, responseBody } from "../../api/client.ts";
import type { Service } from "../../api/queries.ts";
import { useLive } from "../../live/live-context.tsx";
import type { ServiceStore } from "../../live/service-store.ts";

/** The first page is small, so that the first services appear quickly. */
const FIRST_PAGE = 100;
const PAGE = 1_000;

export interface Listing {
  /** Number of services that are loaded. */
  loaded: number;
  /** Null until the first page is loaded. */
  total: number | null;
  error: Error | null;
}

export function useListing(): Listing {
  const { store } = useLive();
  const [listing, setListing] = useState<Listing>({ loaded: 0, total: null, error: null });
  useEffect(() => {
    const stop = new AbortController();
    listAll(store, stop.signal, setListing).catch((error: Error) => {
      if (!stop.signal.aborted) setListing((before) => ({ ...before, error }));
    });
    return () => stop.abort();
  }, [store]);
  return listing;
}

async function listAll(
  store: ServiceStore,
  signal: AbortSignal,
  onProgress: (listing: Listing) => void,
): Promise<void> {
  let cursor: string | null = null;
  let loaded = 0;
  do {
    const page: { services: Service[]; next_cursor: string | null; total: number } = await responseBody(
      api.services.$get(
        { query: cursor === null ? { limit: String(FIRST_PAGE) } : { limit: String(PAGE), cursor } },
        { init: { signal } },
      ),
    );
    if (signal.aborted) return;
    store.addListed(page.services);
    loaded += page.services.length;
    cursor = page.next_cursor;
    onProgress({ loaded, total: page.total, error: null });
  } while (cursor !== null);
}
