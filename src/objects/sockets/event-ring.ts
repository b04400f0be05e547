/** Keeps the latest frames, so that a socket that was disconnected for a moment can catch up. */
const RING_SIZE = 1_000;

export interface RingEvent<T> {
  seq: number;
  frame: T;
}

export class EventRing<T> {
  #events: RingEvent<T>[] = [];
  #last: number;

  /** `start`: Unix ms. Frame numbers begin there, so that they rise across restarts although nothing stores them. */
  constructor(start: number) {
    this.#last = start;
  }

  /** Begins anew: nobody can catch up with what was before. */
  restart(start: number): void {
    this.#events = [];
    this.#last = Math.max(start, this.#last + 1);
  }

  get last(): number {
    return this.#last;
  }

  push(frame: T): RingEvent<T> {
    this.#last += 1;
    const event = { seq: this.#last, frame };
    this.#events.push(event);
    if (this.#events.length >= 2 * RING_SIZE) this.#events = this.#events.slice(-RING_SIZE);
    return event;
  }

  /** Returns the events after `seq`; null when the ring does not hold all of them any more. */
  since(seq: number): RingEvent<T>[] | null {
    const kept = this.#events.slice(-RING_SIZE);
    if (seq > this.#last) return null;
    if (seq === this.#last) return [];
    const first = kept[0];
    if (first === undefined || first.seq > seq + 1) return null;
    return kept.filter((event) => event.seq > seq);
  }
}
