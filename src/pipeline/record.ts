/** Step three of the pipeline: stores outcomes as history. */
import type { OutcomesMessage } from "../core/lane/queue-messages.ts";

export interface RecordDeps {
  now(): number;
  /** Idempotent by round and by `(service_id, seq)` of a flip. */
  store(messages: OutcomesMessage[]): Promise<void>;
  recorded(at: number): Promise<void>;
  /** The log of events may have new ones. Never rejects. */
  wakeReaders(): Promise<void>;
}

/** Throws when the database is away; the queue then delivers the batch again. */
export async function record(messages: OutcomesMessage[], deps: RecordDeps): Promise<void> {
  await deps.store(messages);
  if (messages.some(({ flips }) => flips.length > 0)) await deps.wakeReaders();
  await deps.recorded(deps.now());
}
