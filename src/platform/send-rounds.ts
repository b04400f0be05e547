/**
 * Sends rounds to the queue of the probes: in the order in which they are due, with several calls at once. Rounds that are
 * due at about the same time share a message, because each message costs three operations of the queue.
 */

import type { ProbeMessage } from "../core/lane/queue-messages.ts";
import { byDueTime } from "../core/lane/schedule.ts";
import { ROUNDS_A_MESSAGE } from "../core/lane/slots.ts";
import type { Clock } from "../core/time/clock.ts";
import { eachChunk, textBytes } from "../core/values/chunks.ts";

/**
 * An operation of the queue moves up to 64 KB of a message. A round of 24 services has 10 to 20 KB.
 * https://developers.cloudflare.com/queues/platform/pricing/
 */
const MESSAGE_LIMITS = { size: 64_000, items: ROUNDS_A_MESSAGE };
/**
 * The rounds of a message wait for the last of them in its consumer, where waiting costs nothing; with the second by which
 * the queue is early, no longer than LONGEST_EARLY_MS.
 */
const TOGETHER_MS = 3_500;
/**
 * A batch may have 256 KB and 100 messages. The size is in bytes. The minute of 10,000 services at 10 s (2,502 rounds)
 * takes 120 to 210 calls, and 1,251 if each round filled a message. A paid Worker may make 10,000 an invocation.
 */
const BATCH_LIMITS = { size: 250_000, items: 100 };
/** The bytes that the queue adds to each message count too. */
const METADATA_BYTES = 100;
/** A Worker invocation may have six open connections. One is for what else it does. */
const CALLS_AT_ONCE = 5;
const MAX_DELAY_S = 86_400;

/** A message as the queue takes it: JSON text of a round, or of a list of rounds, made here so that its size is known. */
export interface QueuedRound {
  body: string;
  contentType: "text";
  delaySeconds: number;
}

export interface SendDeps {
  /** A clock, because thousands of rounds take seconds. */
  clock: Pick<Clock, "now" | "platformTime">;
  /** One call of the queue. */
  sendBatch(batch: QueuedRound[]): Promise<unknown>;
  /** Is told the rounds of each call that succeeded. The next call waits for it. */
  sent?: ((messages: ProbeMessage[]) => Promise<void>) | undefined;
}

/**
 * A text is made only when its call begins, because those of all rounds would not fit in memory. After an error no
 * further call begins. The error is thrown when the open calls have ended.
 */
export async function sendInOrder(messages: readonly ProbeMessage[], deps: SendDeps): Promise<void> {
  const batches = eachChunk(together(withTexts(byDueTime(messages))), sizeInBatch, BATCH_LIMITS);
  const caller = async () => {
    // The callers share the batches. An error in here ends them for all.
    for (const batch of batches) {
      await deps.sendBatch(batch.map((item) => toQueued(item, deps.clock)));
      await deps.sent?.(batch.flatMap(({ rounds }) => rounds));
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: CALLS_AT_ONCE }, caller));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

interface WithText {
  message: ProbeMessage;
  text: string;
}

function* withTexts(messages: readonly ProbeMessage[]): Generator<WithText> {
  for (const message of messages) yield { message, text: JSON.stringify(message) };
}

interface Together {
  rounds: ProbeMessage[];
  text: string;
}

/** Those that are due at about the same time. `items`: in the order in which they are due. */
function* together(items: Iterable<WithText>): Generator<Together> {
  let group: WithText[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = textBytes(item.text) + 1;
    const isLater = item.message.not_before - (group[0]?.message.not_before ?? 0) > TOGETHER_MS;
    const isFull = group.length >= MESSAGE_LIMITS.items || bytes + size > MESSAGE_LIMITS.size;
    if (group.length > 0 && (isLater || isFull)) {
      yield joined(group);
      [group, bytes] = [[], 0];
    }
    group.push(item);
    bytes += size;
  }
  if (group.length > 0) yield joined(group);
}

function joined(group: readonly WithText[]): Together {
  const rounds = group.map(({ message }) => message);
  const texts = group.map(({ text }) => text);
  return { rounds, text: texts.length === 1 ? texts.join() : `[${texts.join()}]` };
}

function sizeInBatch({ text }: Together): number {
  return textBytes(text) + METADATA_BYTES;
}

/** The delay has whole seconds. The consumer waits for the part below a second, and for each round that is due later. */
function toQueued({ rounds, text }: Together, clock: SendDeps["clock"]): QueuedRound {
  const first = Math.min(...rounds.map(({ not_before }) => not_before));
  const early = clock.platformTime(first) - clock.platformTime(clock.now());
  const delaySeconds = Math.min(MAX_DELAY_S, Math.max(0, Math.floor(early / 1_000)));
  return { body: text, contentType: "text", delaySeconds };
}
