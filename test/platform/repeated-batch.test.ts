import { expect, it } from "vitest";
import { consumeRepeatedly, type RepeatableBatch } from "../far/repeated-batch.ts";

class Message {
  readonly id: string;
  readonly attempts: number;
  readonly #story: string[];
  constructor(id: string, attempts: number, story: string[]) {
    this.id = id;
    this.attempts = attempts;
    this.#story = story;
  }
  ack(): void {
    this.#story.push(`${this.id} is done`);
  }
  retry(): void {
    this.#story.push(`${this.id} comes again`);
  }
}

type Batch = RepeatableBatch & { readonly messages: readonly Message[] };

/** Of the messages whose ids begin with "r", those that are new are chosen. Returns what the queue heard. */
async function heard(
  messages: Record<string, number>,
  consume: (batch: Batch, story: string[]) => void,
): Promise<{ story: string[]; repeated: string[] }> {
  const story: string[] = [];
  const all = Object.entries(messages).map(([id, attempts]) => new Message(id, attempts, story));
  const chosen = all.filter(({ attempts }) => attempts === 1).map(({ id }) => id.startsWith("r"));
  const repeated: string[] = [];
  const batch: Batch = { messages: all, retryAll: () => story.push("all come again") };
  const repeats = { isRepeated: () => chosen.shift() === true, repeated: (id: string) => void repeated.push(id) };
  await consumeRepeatedly(batch, async (given) => consume(given, story), repeats).catch(() => story.push("it fails"));
  return { story, repeated };
}

const ackAll = ({ messages }: Batch) => {
  for (const message of messages) message.ack();
};

it("delivers a chosen message again after it was acknowledged, and acknowledges the others", async () => {
  expect(await heard({ r: 1, other: 1 }, ackAll)).toEqual({
    story: ["other is done", "r comes again"],
    repeated: ["r"],
  });
});

it("delivers again what the consumer was silent about, which is done for a queue", async () => {
  const work = (_batch: Batch, story: string[]) => story.push("the work");
  expect(await heard({ r: 1, other: 1 }, work)).toEqual({ story: ["the work", "r comes again"], repeated: ["r"] });
});

it("does so on the first delivery only", async () => {
  expect(await heard({ r: 2 }, ackAll)).toEqual({ story: ["r is done"], repeated: [] });
});

it("leaves a message alone that failed", async () => {
  const fail = ({ messages }: Batch) => messages[0]?.retry();
  expect(await heard({ r: 1 }, fail)).toEqual({ story: ["r comes again"], repeated: [] });
  expect(await heard({ r: 1 }, (batch) => batch.retryAll())).toEqual({ story: ["all come again"], repeated: [] });
});

it("leaves a batch alone whose consumer failed", async () => {
  const fail = () => {
    throw new Error("broken");
  };
  expect(await heard({ r: 1 }, fail)).toEqual({ story: ["it fails"], repeated: [] });
});

it("shows the consumer the messages as they are", async () => {
  const ids: string[] = [];
  await heard({ r: 1, other: 3 }, ({ messages }) => {
    ids.push(...messages.map(({ id, attempts }) => `${id} ${attempts}`));
  });
  expect(ids).toEqual(["r 1", "other 3"]);
});
