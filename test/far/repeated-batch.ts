/** A consumer that is tried again although its work was done: its queue did not hear of it, and delivers once more. */

/** As far as a message of a queue is used here. */
export interface RepeatableMessage {
  readonly id: string;
  /** 1: it is delivered for the first time. */
  readonly attempts: number;
  ack(): void;
  retry(options?: object): void;
}

export interface RepeatableBatch {
  readonly messages: readonly RepeatableMessage[];
  retryAll(options?: object): void;
}

export interface Repeats {
  /** Asked once for each message that is delivered for the first time. */
  isRepeated(): boolean;
  /** The message was handled and will come again. */
  repeated(id: string): void;
}

/** Lets `consume` do its work. What failed comes again anyway, and is left as it is. */
export async function consumeRepeatedly<Batch extends RepeatableBatch>(
  batch: Batch,
  consume: (batch: Batch) => Promise<void>,
  { isRepeated, repeated }: Repeats,
): Promise<void> {
  const chosen = batch.messages.filter(({ attempts }) => attempts === 1 && isRepeated());
  const failed = new Set<RepeatableMessage>();
  const unheard = (message: RepeatableMessage) =>
    replaced(message, {
      ack: () => {},
      retry(options?: object) {
        failed.add(message);
        message.retry(options);
      },
    });
  const messages = batch.messages.map((message) => (chosen.includes(message) ? unheard(message) : message));
  const retryAll = (options?: object) => {
    for (const message of chosen) failed.add(message);
    batch.retryAll(options);
  };
  await consume(replaced(batch, { messages, retryAll }));
  for (const message of chosen) {
    if (failed.has(message)) continue;
    message.retry();
    repeated(message.id);
  }
}

/** What the runtime gives has its methods on a prototype, and they work on the original only. */
function replaced<T extends object>(original: T, replacement: object): T {
  return new Proxy(original, {
    get(target, key) {
      if (Object.hasOwn(replacement, key)) return Reflect.get(replacement, key);
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
