/** Sending to the two queues. Bodies are JSON text: serialised once, so that their size is known. */
import type { Bindings } from "../bindings.ts";
import type { OutcomesMessage, ProbeMessage } from "../core/records.ts";

const MAX_BATCH_MESSAGES = 100;
/** Of the 256 KB that a batch may have; a character takes up to three bytes. */
const MAX_BATCH_CHARS = 80_000;
const MAX_DELAY_S = 86_400;

export async function sendRounds(env: Bindings, messages: readonly ProbeMessage[], now: number): Promise<void> {
  const requests = messages.map(
    (message): MessageSendRequest<string> => ({
      body: JSON.stringify(message),
      contentType: "text",
      delaySeconds: delaySeconds(message.not_before, now),
    }),
  );
  for (const batch of batches(requests)) await env.PROBES.sendBatch(batch);
}

export async function sendOutcomes(env: Bindings, message: OutcomesMessage): Promise<void> {
  await env.OUTCOMES.send(JSON.stringify(message), { contentType: "text" });
}

/** Whole seconds; the rest, below a second, is waited for by the consumer. */
export function delaySeconds(notBefore: number, now: number): number {
  return Math.min(MAX_DELAY_S, Math.max(0, Math.floor((notBefore - now) / 1_000)));
}

export function batches<T extends { body: string }>(requests: readonly T[]): T[][] {
  const all: T[][] = [];
  let batch: T[] = [];
  let chars = 0;
  for (const request of requests) {
    const full = batch.length >= MAX_BATCH_MESSAGES || chars + request.body.length > MAX_BATCH_CHARS;
    if (full && batch.length > 0) {
      all.push(batch);
      batch = [];
      chars = 0;
    }
    batch.push(request);
    chars += request.body.length;
  }
  if (batch.length > 0) all.push(batch);
  return all;
}
