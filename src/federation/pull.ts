/** Brings the copy of another hub's registry up to date. Pulling is the truth; what is pushed only comes sooner. */

import { MAX_REMOTE_SERVICES, type ReadPage } from "../core/federation/federation.ts";
import { advance, type Cursor, ProtocolError, type SyncQuery, syncQuery } from "../core/federation/replication.ts";
import { MAX_PULL_MS } from "../core/time/durations.ts";

/** Pages of one pull: 20,000 services, and as many that were deleted. */
const MAX_PAGES = 200;

export interface PullDeps {
  /** Unix ms. */
  now(): number;
  /** null: nothing changed. Throws when the hub does not answer, or answers what is no page. */
  ask(query: SyncQuery): Promise<ReadPage | null>;
  /** Takes in the page and the cursor after it in one transaction. Returns how many services of the hub are stored. */
  take(page: ReadPage, after: { cursor: Cursor; whole: boolean }): Promise<number>;
  /** Called when the copy has all that the hub has. */
  settle(): Promise<void>;
}

export interface Pulled {
  cursor: Cursor;
  pages: number;
  /** Milliseconds to the first answer. */
  latency_ms: number;
  /** The pages that were taken in, for those who want to tell of it. */
  hubs: ReadPage["hubs"];
}

/**
 * Throws a ProtocolError when the hub answers what it must not. `hubId`: the hub that is asked. `stored`: number of its
 * services that are stored. A copy that became too large is made anew.
 */
export async function pull(hubId: string, start: Cursor, stored: number, deps: PullDeps): Promise<Pulled> {
  const began = deps.now();
  const cursor = stored > mostServices(start) ? { ...start, epoch: null } : start;
  const pulled: Pulled = { cursor, pages: 0, latency_ms: 0, hubs: [] };
  for (let asked = 0; asked < MAX_PAGES && deps.now() - began < MAX_PULL_MS; asked++) {
    const page = await deps.ask(syncQuery(pulled.cursor));
    if (asked === 0) pulled.latency_ms = deps.now() - began;
    if (page === null) break;
    if (page.hub_id !== hubId) throw new ProtocolError(`the answer is of the hub ${page.hub_id}`);
    const after = advance(pulled.cursor, page);
    const stored = await deps.take(page, after);
    if (stored > mostServices(after.cursor)) throw new ProtocolError(`more than ${MAX_REMOTE_SERVICES} services`);
    pulled.cursor = after.cursor;
    pulled.pages += 1;
    pulled.hubs = page.hubs;
    if (page.next === null) break;
  }
  if (!pulled.cursor.copying) await deps.settle();
  return pulled;
}

/** While a copy is made, the one before it is still there. */
function mostServices({ copying }: Cursor): number {
  return copying ? 2 * MAX_REMOTE_SERVICES : MAX_REMOTE_SERVICES;
}
