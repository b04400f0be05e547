/**
 * Gathers the findings of a round for a moment, so that they reach their lane, the board and the queue in few calls.
 * A check that hangs does not delay the results of the others.
 */

/** Time for which a finding waits for others. The end of the round ends the wait. */
const GATHER_MS = 50;

export class OutcomeBatcher<T> {
  readonly #wait: (ms: number) => Promise<void>;
  readonly #send: (items: T[]) => Promise<void>;
  #waiting: T[] = [];
  #sending: Promise<void>[] = [];
  #timed = false;

  /** `send` gets the gathered items. */
  constructor(wait: (ms: number) => Promise<void>, send: (items: T[]) => Promise<void>) {
    this.#wait = wait;
    this.#send = send;
  }

  add(item: T): void {
    this.#waiting.push(item);
    if (this.#timed) return;
    this.#timed = true;
    void this.#wait(GATHER_MS).then(() => this.#sendGathered());
  }

  /** Sends the remaining items. Throws the error of any call of `send` that failed. */
  async flush(): Promise<void> {
    const items = this.#take();
    if (items.length > 0) await this.#send(items);
    await Promise.all(this.#sending);
  }

  #sendGathered(): void {
    this.#timed = false;
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
