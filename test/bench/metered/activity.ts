/** The clock stands still while code runs: an object that only computes takes this much. */
const LEAST_MS = 1;

/** How long each object has something to do: calls that overlap are charged once. */
export class Activity {
  readonly #running = new Map<string, { calls: number; since: number }>();
  readonly #add: (ms: number) => void;

  constructor(add: (ms: number) => void) {
    this.#add = add;
  }

  async during<T>(object: string, work: () => Promise<T>): Promise<T> {
    const known = this.#running.get(object);
    const entry = known ?? { calls: 0, since: Date.now() };
    if (known === undefined) this.#running.set(object, entry);
    entry.calls += 1;
    try {
      return await work();
    } finally {
      entry.calls -= 1;
      if (entry.calls === 0) {
        this.#running.delete(object);
        this.#add(Math.max(LEAST_MS, Date.now() - entry.since));
      }
    }
  }
}
