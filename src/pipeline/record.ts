/** Step three of the pipeline: stores outcomes as history, and announces flips. */

import type { OutcomesMessage } from "../core/queue-messages.ts";
import type { RecordedFlip } from "../core/records.ts";

export interface RecordDeps {
  now(): number;
  /** Idempotent by `(service_id, seq)`. Called before `store`, so that a crash between the two repeats the announcement. */
  announce(flips: RecordedFlip[]): Promise<void>;
  /** Idempotent by round and by `(service_id, seq)`. */
  store(messages: OutcomesMessage[]): Promise<void>;
  recorded(at: number): Promise<void>;
}

/**
 * Throws when the database or the announcer is away; the queue then delivers the batch again. When only the announcer
 * is away, the rounds are stored without their flips: the lanes forget a flip once it is stored.
 */
export async function record(messages: OutcomesMessage[], deps: RecordDeps): Promise<void> {
  const flips = distinctFlips(messages);
  try {
    if (flips.length > 0) await deps.announce(flips);
  } catch (error) {
    await deps.store(messages.map((message) => ({ ...message, flips: [] })));
    throw error;
  }
  await deps.store(messages);
  await deps.recorded(deps.now());
}

/** Returns each flip once, ordered by seq within each service. Lanes send a flip again until it is recorded. */
export function distinctFlips(messages: readonly OutcomesMessage[]): RecordedFlip[] {
  const flips = new Map<string, RecordedFlip>();
  for (const flip of messages.flatMap((message) => message.flips)) flips.set(`${flip.service_id} ${flip.seq}`, flip);
  return [...flips.values()].sort((a, b) => a.service_id - b.service_id || a.seq - b.seq);
}
