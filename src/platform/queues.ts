/** Sends messages to the two queues. The bodies are JSON text, serialised here so that their size is known. */
import { chunksBySize, textBytes } from "../core/chunks.ts";
import type { OutcomesMessage, ProbeMessage } from "../core/queue-messages.ts";
import { splitOutcomes } from "../core/round.ts";
import type { Bindings } from "./bindings.ts";

/** A batch may have 256 KB and 100 messages. The size is in bytes. */
const BATCH_LIMITS = { size: 250_000, items: 100 };
const MAX_DELAY_S = 86_400;

export async function sendRounds(env: Bindings, messages: readonly ProbeMessage[], now: number): Promise<void> {
  const requests = messages.map(
    (message): MessageSendRequest<string> => ({
      body: JSON.stringify(message),
      contentType: "text",
      delaySeconds: delaySeconds(message.not_before, now),
    }),
  );
  for (const batch of chunksBySize(requests, ({ body }) => textBytes(body), BATCH_LIMITS))
    await env.PROBES.sendBatch(batch);
}

export async function sendOutcomes(env: Bindings, message: OutcomesMessage): Promise<void> {
  for (const part of splitOutcomes(message)) await env.OUTCOMES.send(JSON.stringify(part), { contentType: "text" });
}

/** Returns whole seconds. The consumer waits for the part below a second. */
function delaySeconds(notBefore: number, now: number): number {
  return Math.min(MAX_DELAY_S, Math.max(0, Math.floor((notBefore - now) / 1_000)));
}
