/** Sending to the two queues. Bodies are JSON text: serialised once, so that their size is known. */
import { chunksBySize } from "../core/chunks.ts";
import type { OutcomesMessage, ProbeMessage } from "../core/queue-messages.ts";
import { splitOutcomes } from "../core/round.ts";
import type { Bindings } from "./bindings.ts";

/** Of the 256 KB and 100 messages that a batch may have; a character takes up to three bytes. */
const BATCH_LIMITS = { size: 80_000, items: 100 };
const MAX_DELAY_S = 86_400;

export async function sendRounds(env: Bindings, messages: readonly ProbeMessage[], now: number): Promise<void> {
  const requests = messages.map(
    (message): MessageSendRequest<string> => ({
      body: JSON.stringify(message),
      contentType: "text",
      delaySeconds: delaySeconds(message.not_before, now),
    }),
  );
  for (const batch of chunksBySize(requests, ({ body }) => body.length, BATCH_LIMITS))
    await env.PROBES.sendBatch(batch);
}

export async function sendOutcomes(env: Bindings, message: OutcomesMessage): Promise<void> {
  for (const part of splitOutcomes(message)) await env.OUTCOMES.send(JSON.stringify(part), { contentType: "text" });
}

/** Whole seconds; the rest, below a second, is waited for by the consumer. */
function delaySeconds(notBefore: number, now: number): number {
  return Math.min(MAX_DELAY_S, Math.max(0, Math.floor((notBefore - now) / 1_000)));
}
