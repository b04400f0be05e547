/** The consumers of the queues: probes, outcomes, and the dead letters of both. */
import { z } from "zod";
import {
  type OutcomesMessage,
  outcomesMessageSchema,
  readProbeMessage,
  roundsIn,
} from "../core/lane/queue-messages.ts";
import { HOME_VANTAGE } from "../core/service/records.ts";
import type { Clock } from "../core/time/clock.ts";
import { DATABASE_SOON_MS } from "../core/time/durations.ts";
import type { Unread } from "../core/values/read-each.ts";
import { runRound } from "../pipeline/probe.ts";
import { type RecordDeps, record } from "../pipeline/record.ts";
import { errorText, log, troubleOf } from "../platform/log.ts";
import { boardOf } from "../platform/object-stubs.ts";
import { sendAgain } from "../platform/queues.ts";
import { Elsewhere } from "../probes/elsewhere.ts";
import { makeSlots } from "../probes/probe-all.ts";
import type { ProbePlace } from "../probes/probe-in-slot.ts";
import { probeDeps } from "./deps.ts";
import { recordAtOnce, recordDeps } from "./history.ts";
import type { Hub } from "./hub.ts";

/** The local queue starts no batch before the last one ended. After this time, slow rounds go on in the background. */
const LOCAL_PATIENCE_MS = 50;
/** A wait that ends this late shows that the hub is busy. More rounds at once would make every target look slow. */
const LOCAL_LATENESS_MS = 15;
/** Number of waits: in a busy hub, a target that hangs holds up the others for a second or two. */
const LOCAL_TURNS = 20;
/** More outcomes that fail one after the other mean that a part of the hub is away. */
const MAX_POISONED = 3;

/** Throws for a queue that the hub does not know, so that its messages are not lost. */
export async function consume(batch: MessageBatch<string>, hub: Hub, ctx: ExecutionContext): Promise<void> {
  if (batch.queue.endsWith("-probes")) return await consumeProbes(batch, hub, ctx);
  if (batch.queue.endsWith("-outcomes")) return await consumeOutcomes(batch, hub);
  if (batch.queue.endsWith("-dead")) return await consumeDeadLetters(batch, hub);
  throw new Error(`no consumer for the queue ${batch.queue}`);
}

async function consumeProbes(batch: MessageBatch<string>, hub: Hub, ctx: ExecutionContext): Promise<void> {
  const place = probePlace(hub, ctx);
  const rounds = Promise.all(batch.messages.map((message) => consumeMessage(message, hub, place)));
  if (!hub.settings.LOCAL_QUEUES) {
    await rounds;
    return;
  }
  ctx.waitUntil(rounds);
  await unlessSlow(rounds, hub.clock);
}

/** The local runtime has connections enough for all. */
function probePlace({ settings }: Hub, { exports }: ExecutionContext): ProbePlace {
  const slots = makeSlots(settings);
  if (settings.LOCAL_QUEUES) return { slots };
  return { slots, elsewhere: new Elsewhere((checks) => exports.ProbeRun.probe(checks, HOME_VANTAGE)) };
}

/** Waits for the rounds, but not for slow targets. While waits end late, the hub itself is slow, and it waits on. */
async function unlessSlow(rounds: Promise<unknown>, clock: Clock): Promise<void> {
  const done = rounds.then(() => true);
  for (let turn = 0; turn < LOCAL_TURNS; turn++) {
    const before = clock.now();
    if (await Promise.race([done, clock.wait(LOCAL_PATIENCE_MS)])) return;
    if (clock.now() - before < LOCAL_PATIENCE_MS + LOCAL_LATENESS_MS) return;
  }
}

/**
 * A round that fails or can't be read is tried again, without those that shared its message. After the last try it is
 * counted as lost.
 */
async function consumeMessage(message: Message<string>, hub: Hub, place: ProbePlace): Promise<void> {
  try {
    const rounds = roundsIn(message.body);
    const done = await Promise.all(rounds.map((round) => consumeRound(round, message.id, hub, place)));
    const failed = rounds.filter((_round, index) => !done[index]);
    if (failed.length > 0 && failed.length < rounds.length) await sendAgain(hub.env, failed);
    if (failed.length > 0 && failed.length === rounds.length) message.retry();
    else message.ack();
  } catch (error) {
    log("error", "round.failed", { message: message.id, error: errorText(error) });
    message.retry();
  }
}

/** Returns false when it failed. */
async function consumeRound(body: unknown, id: string, hub: Hub, place: ProbePlace): Promise<boolean> {
  let ids: number[] = [];
  try {
    const { message: round, unread } = readProbeMessage(body);
    ids = round.checks.map(({ service_id }) => service_id);
    if (unread.length > 0) await tellUnread(unread, hub);
    // Here nobody waits for an answer, as agents and heartbeats do.
    const record = (message: OutcomesMessage) => recordAtOnce(message, hub, DATABASE_SOON_MS);
    const deps = { ...probeDeps(hub, place), record };
    if (round.checks.length > 0) await runRound(round, deps);
    return true;
  } catch (error) {
    log("error", "round.failed", { message: id, error: errorText(error) });
    await noteRefusedRounds(ids, hub);
    return false;
  }
}

/** Results that a part of the hub did not take went nowhere, so their services were not silent. */
async function noteRefusedRounds(service_ids: number[], { env }: Hub): Promise<void> {
  if (service_ids.length === 0) return;
  try {
    await boardOf(env).reportRefused({ service_ids });
  } catch (error) {
    log("warn", "board.not_told", { error: errorText(error) });
  }
}

/** Each check that can't be read costs only itself, and the hub's health names it. */
async function tellUnread(unread: Unread[], { env }: Hub): Promise<void> {
  log("error", "round.unreadable_checks", { checks: unread.map(({ place, error }) => `${place}: ${error}`) });
  await boardOf(env).unjudged(unread);
}

/** Records all readable messages together. When that fails, each is tried alone, so that one can't hold up the others. */
async function consumeOutcomes(batch: MessageBatch<string>, hub: Hub): Promise<void> {
  const read = readable(batch);
  const deps = recordDeps(hub);
  try {
    await record(
      read.map(({ body }) => body),
      deps,
    );
  } catch (error) {
    if (read.length < 2) throw error;
    await recordEach(read, deps);
  }
}

/** Throws when so many fail in a row that it is not the messages' fault; the queue then delivers all again. */
async function recordEach(read: readonly Readable[], deps: RecordDeps): Promise<void> {
  let inARow = 0;
  for (const { message, body } of read) {
    try {
      await record([body], deps);
      inARow = 0;
    } catch (error) {
      inARow += 1;
      if (inARow > MAX_POISONED) throw error;
      log("error", "outcome.failed", { message: message.id, error: errorText(error) });
      message.retry();
    }
  }
}

/** Lost rounds are only counted. Outcomes are tried again, so that a long outage of the database loses no history. */
async function consumeDeadLetters(batch: MessageBatch<string>, hub: Hub): Promise<void> {
  const board = boardOf(hub.env);
  const now = hub.clock.now();
  const letters = batch.messages.map(({ id }) => ({ id, queue: batch.queue, at: now }));
  await board.deadLettered(letters);
  log("error", "queue.dead_letters", { queue: batch.queue, messages: batch.messages.length });
  if (!batch.queue.includes("-outcomes")) return;
  const read = readable(batch);
  try {
    await record(
      read.map(({ body }) => body),
      recordDeps(hub),
    );
  } catch (error) {
    const reason = troubleOf(error);
    if (reason !== null) await board.deadLettered(letters.map((letter) => ({ ...letter, reason })));
    throw error;
  }
  await board.revived(read.map(({ message }) => message.id));
}

interface Readable {
  message: Message<string>;
  body: OutcomesMessage;
}

function readable(batch: MessageBatch<string>): Readable[] {
  return batch.messages.flatMap((message) => {
    try {
      return [{ message, body: parseBody(outcomesMessageSchema, message.body) }];
    } catch (error) {
      log("error", "queue.unreadable_message", { queue: batch.queue, message: message.id, error: errorText(error) });
      message.retry();
      return [];
    }
  });
}

/** Throws an error that says what is wrong with the body. A release before this one may have written the body. */
function parseBody<T extends z.ZodType>(schema: T, body: string): z.infer<T> {
  const result = schema.safeParse(JSON.parse(body));
  if (result.success) return result.data;
  throw new Error(`unreadable message: ${z.prettifyError(result.error)}`);
}
