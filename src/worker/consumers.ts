/** The queue consumers: probes, outcomes, and what the queues gave up. */
import { z } from "zod";
import { type OutcomesMessage, outcomesMessageSchema, probeMessageSchema } from "../core/queue-messages.ts";
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

/** Throws for a queue that the hub knows nothing of, so that its messages are not lost. */
export async function consume(
  batch: MessageBatch<string>,
  env: Bindings,
  settings: Settings,
  ctx: ExecutionContext,
): Promise<void> {
  if (batch.queue.endsWith("-probes")) return await consumeProbes(batch, env, settings, ctx);
  if (batch.queue.endsWith("-outcomes")) return await consumeOutcomes(batch, env, settings);
  if (batch.queue.endsWith("-dead")) return await consumeDeadLetters(batch, env, settings);
  throw new Error(`no consumer for the queue ${batch.queue}`);
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

/** A round that can't be read goes the way of one that fails: it is tried again, and in the end counted as lost. */
async function consumeRound(message: Message<string>, env: Bindings, settings: Settings, slots: Slots): Promise<void> {
  try {
    await runRound(parseBody(probeMessageSchema, message.body), probeDeps(env, settings, slots));
    message.ack();
  } catch (error) {
    log("error", "round.failed", { message: message.id, error: errorText(error) });
    message.retry();
  }
}

/** Messages that can't be read fail alone; the others are recorded together. */
async function consumeOutcomes(batch: MessageBatch<string>, env: Bindings, settings: Settings): Promise<void> {
  await record(readable(batch), recordDeps(env, settings));
}

/** Lost rounds are only counted; outcomes are tried on, so that a long outage of the database loses no history. */
async function consumeDeadLetters(batch: MessageBatch<string>, env: Bindings, settings: Settings): Promise<void> {
  const board = boardOf(env);
  const now = Date.now();
  await board.deadLettered(batch.messages.map(({ id }) => ({ id, queue: batch.queue, at: now })));
  log("error", "queue.dead_letters", { queue: batch.queue, messages: batch.messages.length });
  if (!batch.queue.includes("-outcomes")) return;
  await record(readable(batch), recordDeps(env, settings));
  await board.revived(batch.messages.map(({ id }) => id));
}

function readable(batch: MessageBatch<string>): OutcomesMessage[] {
  return batch.messages.flatMap((message) => {
    try {
      return [parseBody(outcomesMessageSchema, message.body)];
    } catch (error) {
      log("error", "queue.unreadable_message", { queue: batch.queue, message: message.id, error: errorText(error) });
      message.retry();
      return [];
    }
  });
}

/** Throws what is wrong with the body; a release before this one may have written it. */
function parseBody<T extends z.ZodType>(schema: T, body: string): z.infer<T> {
  const result = schema.safeParse(JSON.parse(body));
  if (result.success) return result.data;
  throw new Error(`unreadable message: ${z.prettifyError(result.error)}`);
}
