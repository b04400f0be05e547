/** How many services on the board have each interval, so that the shortest is known at once. */
export class IntervalCounts {
  /** By interval, in seconds. */
  readonly #services = new Map<number, number>();

  /** In seconds; null: there is no service. */
  get shortest(): number | null {
    return this.#services.size === 0 ? null : Math.min(...this.#services.keys());
  }

  /** A service leaves with one interval and enters with another; undefined: it was not there, or is there no longer. */
  moved(left: number | undefined, entered: number | undefined): void {
    if (entered !== undefined) this.#services.set(entered, (this.#services.get(entered) ?? 0) + 1);
    if (left === undefined) return;
    const services = (this.#services.get(left) ?? 1) - 1;
    if (services === 0) this.#services.delete(left);
    else this.#services.set(left, services);
  }

  clear(): void {
    this.#services.clear();
  }
}
