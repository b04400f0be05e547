/** Sends messages to the two queues. The bodies are JSON text, so that their size is known. */

import type { OutcomesMessage, ProbeMessage } from "../core/lane/queue-messages.ts";
import { splitOutcomes } from "../core/lane/round.ts";
import type { Clock } from "../core/time/clock.ts";
import { ROUND_AGAIN_MS } from "../core/time/durations.ts";
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

/** Each in a message of its own. */
export async function sendAgain(env: Bindings, rounds: readonly unknown[]): Promise<void> {
  const delaySeconds = ROUND_AGAIN_MS / 1_000;
  await env.PROBES.sendBatch(
    rounds.map((round) => ({ body: JSON.stringify(round), contentType: "text", delaySeconds })),
  );
}

export async function sendOutcomes(env: Bindings, message: OutcomesMessage): Promise<void> {
  for (const part of splitOutcomes(message)) await env.OUTCOMES.send(JSON.stringify(part), { contentType: "text" });
}
