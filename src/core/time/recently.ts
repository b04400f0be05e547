/** Remembers which services were looked at lately outside of their schedule, so that none is asked too often. */

export class Recently {
  readonly #everyMs: number;
  /** When each was claimed, Unix ms; the oldest first. */
  readonly #claims = new Map<number, number>();

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Claims the service for the moment. Returns false when it is claimed already. `lookedAt`, `now`: Unix ms. */
  claim(id: number, lookedAt: number | null, now: number): boolean {
    const marks = [this.#claims.get(id), lookedAt].filter((at) => typeof at === "number");
    if (marks.some((at) => now - Math.min(at, now) < this.#everyMs)) return false;
    this.#claims.delete(id);
    this.#claims.set(id, now);
    for (const [oldest, at] of this.#claims) {
      if (now - at < this.#everyMs) break;
      this.#claims.delete(oldest);
    }
    return true;
  }
}
