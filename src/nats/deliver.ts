/**
 * Empties the outbox. Events of different services are sent at once; events of one service are sent one after the
 * other.
 */
import type { DurableEvent } from "./messages.ts";

export interface OutboxEvent {
  /** Newer events have higher ids. */
  id: number;
  event: DurableEvent;
}

export interface DeliverDeps {
  /** Returns the oldest events, oldest first. */
  page(limit: number): OutboxEvent[];
  /** Resolves when the stream has stored the event, now or earlier. */
  publish(event: DurableEvent): Promise<void>;
  remove(ids: number[]): void;
}

/** Limits the events in memory and in flight. */
const PAGE_SIZE = 500;

/**
 * Ends when the outbox is empty, or after a page in which a publish failed. Returns the error; null: the outbox is
 * empty.
 */
export async function deliver(deps: DeliverDeps): Promise<unknown> {
  for (;;) {
    const page = deps.page(PAGE_SIZE);
    if (page.length === 0) return null;
    const chains = Map.groupBy(page, ({ event }) => event.service_id);
    const results = await Promise.all([...chains.values()].map((chain) => sendChain(chain, deps)));
    deps.remove(results.flatMap(({ sent }) => sent));
    const failed = results.find(({ error }) => error !== null);
    if (failed !== undefined) return failed.error;
  }
}

interface ChainResult {
  sent: number[];
  error: unknown;
}

/** Stops at the first failure, so that the stream never gets a service's events out of order. */
async function sendChain(chain: readonly OutboxEvent[], deps: DeliverDeps): Promise<ChainResult> {
  const sent: number[] = [];
  for (const { id, event } of chain) {
    try {
      await deps.publish(event);
    } catch (error) {
      return { sent, error: error ?? new Error("failed") };
    }
    sent.push(id);
  }
  return { sent, error: null };
}
