/** Sends messages to the two queues. The bodies are JSON text, so that their size is known. */
import type { Clock } from "../core/clock.ts";
import type { OutcomesMessage, ProbeMessage } from "../core/queue-messages.ts";
import { splitOutcomes } from "../core/round.ts";
import type { Bindings } from "./bindings.ts";
import { type SendDeps, sendInOrder } from "./send-rounds.ts";

export async function sendRounds(
  env: Bindings,
  messages: readonly ProbeMessage[],
  clock: Clock,
  sent?: SendDeps["sent"],
): Promise<void> {
  await sendInOrder(messages, { clock, sent, sendBatch: (batch) => env.PROBES.sendBatch(batch) });
}

export async function sendOutcomes(env: Bindings, message: OutcomesMessage): Promise<void> {
  for (const part of splitOutcomes(message)) await env.OUTCOMES.send(JSON.stringify(part), { contentType: "text" });
}
