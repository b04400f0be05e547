/** How often something may happen within a time. */
export class Budget {
  readonly #most: number;
  readonly #withinMs: number;
  #spent: number[] = [];

  constructor(most: number, withinMs: number) {
    this.#most = most;
    this.#withinMs = withinMs;
  }

  /** `now`: Unix ms. */
  isSpent(now: number): boolean {
    this.#spent = this.#spent.filter((at) => Math.abs(now - at) < this.#withinMs);
    return this.#spent.length >= this.#most;
  }

  spend(now: number): void {
    this.#spent.push(now);
  }
}
