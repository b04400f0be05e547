/**
 * Gathers the findings of a round for a moment, so that they reach their lane, the board and the queue in few calls.
 * A check that hangs holds up nobody else's news.
 */

/** A finding waits this long for company; when the last check of the round is done, nothing waits. */
const GATHER_MS = 50;

export class OutcomeBatcher<T> {
  readonly #wait: (ms: number) => Promise<void>;
  readonly #send: (items: T[], isLast: boolean) => Promise<void>;
  #waiting: T[] = [];
  #sending: Promise<void>[] = [];
  #timed = false;

  /** `send` is called with what was gathered; `isLast`: nothing comes after it. */
  constructor(wait: (ms: number) => Promise<void>, send: (items: T[], isLast: boolean) => Promise<void>) {
    this.#wait = wait;
    this.#send = send;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#timed) return;
    this.#timed = true;
    void this.#wait(GATHER_MS).then(() => this.#sendGathered());
  }

  /** Sends what is left. Throws what any sending threw. */
  async flush(): Promise<void> {
    const items = this.#take();
    if (items.length > 0) await this.#send(items, true);
    await Promise.all(this.#sending);
  }

  #sendGathered(): void {
    this.#timed = false;
    const items = this.#take();
    if (items.length === 0) return;
    const sending = this.#send(items, false);
    sending.catch(() => {}); // flush() throws it
    this.#sending.push(sending);
  }

  #take(): T[] {
    const items = this.#waiting;
    this.#waiting = [];
    return items;
  }
}
