/** Empties the outbox: many events at once, those of one service one after the other. */
import type { DurableEvent } from "./messages.ts";

export interface OutboxEvent {
  /** Rises with each event. */
  id: number;
  event: DurableEvent;
}

export interface DeliverDeps {
  /** The oldest events, oldest first. */
  page(limit: number): OutboxEvent[];
  /** Resolves when the event is stored at the other end, or was before. */
  publish(event: DurableEvent): Promise<void>;
  remove(ids: number[]): void;
}

/** Bounds what is in memory and in flight. */
const PAGE_SIZE = 500;

/** Ends when the outbox is empty, or after the page in which something failed: its error, or null. */
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

/** What comes after a failure waits, so that the other end never sees a service's events out of order. */
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
