/**
 * Loads something of the rows that are on the screen: with one request for all of them, and one at a time. While the user
 * scrolls, what was passed is not asked for.
 */
export interface Loading {
  /** The rows that come on the screen together, within so many ms, are asked for together. */
  gatherMs: number;
  /** A service of which nothing came is not asked for again before so many ms. */
  againMs: number;
  atOnce: number;
  lacks(id: number): boolean;
  /** Returns the ids of which something came. Never rejects. */
  load(ids: readonly number[]): Promise<Iterable<number>>;
}

export class ScreenLoader {
  readonly #how: Loading;
  #visible: readonly number[] = [];
  /** When each service was asked for, Unix ms: the hub may have nothing of it yet. */
  readonly #askedAt = new Map<number, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLoading = false;

  constructor(how: Loading) {
    this.#how = how;
  }

  /** Replaces what was visible before. */
  show(ids: readonly number[]): void {
    this.#visible = ids;
    this.#schedule(this.#how.gatherMs);
  }

  stop(): void {
    this.#visible = [];
    clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#load(), ms);
  }

  async #load(): Promise<void> {
    if (this.#isLoading) return;
    const { againMs, atOnce, lacks, load } = this.#how;
    const now = Date.now();
    const isDue = (id: number) => lacks(id) && now - (this.#askedAt.get(id) ?? 0) >= againMs;
    const ids = this.#visible.filter(isDue).slice(0, atOnce);
    if (ids.length > 0) {
      this.#isLoading = true;
      for (const id of ids) this.#askedAt.set(id, now);
      for (const id of await load(ids)) this.#askedAt.delete(id);
      this.#isLoading = false;
    }
    // Others may be on the screen by now; and what is there may be old one day.
    if (this.#visible.length > 0) this.#schedule(ids.length > 0 ? 0 : againMs);
  }
}
