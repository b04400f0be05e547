/** The queue consumers: probes, outcomes, and what the queues gave up. */

import type { OutcomesMessage, ProbeMessage } from "../core/queue-messages.ts";
import type { Settings } from "../core/settings.ts";
import { runRound } from "../pipeline/probe.ts";
import { record } from "../pipeline/record.ts";
import type { Bindings } from "../platform/bindings.ts";
import { errorText, log } from "../platform/log.ts";
import { boardOf } from "../platform/object-stubs.ts";
import { makeSlots } from "../probes/probe-all.ts";
import type { Slots } from "../probes/slots.ts";
import { probeDeps, recordDeps } from "./deps.ts";

/** The local queue waits for a consumer before it starts the next: slower rounds go on without it. */
const LOCAL_PATIENCE_MS = 50;
/** More rounds at once would only make every target look slow. */
const LOCAL_LATENESS_MS = 15;
/** A target that hangs in a busy hub holds up the others for a second, or two. */
const LOCAL_TURNS = 20;

export async function consume(
  batch: MessageBatch<string>,
  env: Bindings,
  settings: Settings,
  ctx: ExecutionContext,
): Promise<void> {
  if (batch.queue.endsWith("-probes")) return consumeProbes(batch, env, settings, ctx);
  if (batch.queue.endsWith("-outcomes")) return record(parse<OutcomesMessage>(batch), recordDeps(env, settings));
  return consumeDeadLetters(batch, env, settings);
}

async function consumeProbes(
  batch: MessageBatch<string>,
  env: Bindings,
  settings: Settings,
  ctx: ExecutionContext,
): Promise<void> {
  const slots = makeSlots(settings);
  const rounds = Promise.all(batch.messages.map((message) => consumeRound(message, env, settings, slots)));
  if (!settings.LOCAL_QUEUES) {
    await rounds;
    return;
  }
  ctx.waitUntil(rounds);
  await unlessSlow(rounds);
}

/** Waits for the rounds, but not for slow targets. A wait that ends late says that the hub itself is what is slow. */
async function unlessSlow(rounds: Promise<unknown>): Promise<void> {
  const done = rounds.then(() => true);
  for (let turn = 0; turn < LOCAL_TURNS; turn++) {
    const before = Date.now();
    if (await Promise.race([done, scheduler.wait(LOCAL_PATIENCE_MS)])) return;
    if (Date.now() - before < LOCAL_PATIENCE_MS + LOCAL_LATENESS_MS) return;
  }
}

async function consumeRound(message: Message<string>, env: Bindings, settings: Settings, slots: Slots): Promise<void> {
  const round: ProbeMessage = JSON.parse(message.body);
  try {
    await runRound(round, probeDeps(env, settings, slots));
    message.ack();
  } catch (error) {
    log("error", "round.failed", { ...round.round, error: errorText(error) });
    message.retry();
  }
}

/** Lost rounds are only counted; outcomes are tried on, so that a long outage of the database loses no history. */
async function consumeDeadLetters(batch: MessageBatch<string>, env: Bindings, settings: Settings): Promise<void> {
  const board = boardOf(env);
  const now = Date.now();
  await board.deadLettered(batch.messages.map(({ id }) => ({ id, queue: batch.queue, at: now })));
  log("error", "queue.dead_letters", { queue: batch.queue, messages: batch.messages.length });
  if (!batch.queue.includes("-outcomes")) return;
  await record(parse<OutcomesMessage>(batch), recordDeps(env, settings));
  await board.revived(batch.messages.map(({ id }) => id));
}

/** Bodies are the hub's own: written by the same release or, while a deploy goes out, by the one before. */
function parse<T>(batch: MessageBatch<string>): T[] {
  return batch.messages.map((message): T => JSON.parse(message.body));
}
