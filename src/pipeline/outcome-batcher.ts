/**
 * Gathers the findings of a round, so that they reach their lane, the board and the queue in few calls: targets that
 * answer after 20, 50 and 100 ms would cost three calls each otherwise. What may be news waits for a moment only, and
 * nothing waits long for a check that hangs.
 */

/** Time for which news waits for others. The end of the round ends the wait. */
const NEWS_MS = 50;
/** The same for what only says that all is as before. */
const NO_NEWS_MS = 2_000;

export class OutcomeBatcher<T> {
  readonly #wait: (ms: number) => Promise<void>;
  readonly #send: (items: T[]) => Promise<void>;
  #waiting: T[] = [];
  #sending: Promise<void>[] = [];
  /** Waits that are under way. */
  readonly #timed = new Set<number>();

  /** `send` gets the gathered items. */
  constructor(wait: (ms: number) => Promise<void>, send: (items: T[]) => Promise<void>) {
    this.#wait = wait;
    this.#send = send;
  }

  add(item: T, isNews: boolean): void {
    this.#waiting.push(item);
    const ms = isNews ? NEWS_MS : NO_NEWS_MS;
    if (this.#timed.has(ms)) return;
    this.#timed.add(ms);
    void this.#wait(ms).then(() => this.#sendGathered(ms));
  }

  /** Sends the remaining items. Throws the error of any call of `send` that failed. */
  async flush(): Promise<void> {
    const items = this.#take();
    if (items.length > 0) await this.#send(items);
    await Promise.all(this.#sending);
  }

  #sendGathered(ms: number): void {
    this.#timed.delete(ms);
    const items = this.#take();
    if (items.length === 0) return;
    const sending = this.#send(items);
    sending.catch(() => {}); // flush() throws the error
    this.#sending.push(sending);
  }

  #take(): T[] {
    const items = this.#waiting;
    this.#waiting = [];
    return items;
  }
}
