/**
 * The streaks of failures and the flapping of services, which the database does not have. They are kept
 * here, so that an eviction does not forget it. Few services have any of it, and a long streak is not written at each
 * failure, because each write costs.
 */
import type { LiveState } from "../../core/service/records.ts";

type Marks = Pick<LiveState, "consecutive_failures" | "flapping" | "unseen_from">;

const PREFIX = "marks:";
/** A streak up to this length is kept exactly, a longer one when it has grown by a quarter. */
const EXACT_FAILURES = 10;
const GROWTH = 1.25;

export class StreakMemory {
  readonly #storage: DurableObjectStorage;
  readonly #kept = new Map<number, Marks>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    for (const [name, marks] of storage.kv.list<Marks>({ prefix: PREFIX })) {
      this.#kept.set(Number(name.slice(PREFIX.length)), marks);
    }
  }

  /** Returns null when the service has none. */
  of(id: number): Marks | null {
    return this.#kept.get(id) ?? null;
  }

  note(id: number, { consecutive_failures, flapping, unseen_from }: LiveState): void {
    const marks = { consecutive_failures, flapping, unseen_from };
    if (isSame(this.#kept.get(id), marks)) return;
    if (consecutive_failures === 0 && !flapping && unseen_from.length === 0) {
      this.forget(id);
    } else {
      this.#kept.set(id, marks);
      this.#storage.kv.put(PREFIX + id, marks);
    }
  }

  forgetAll(): void {
    for (const id of [...this.#kept.keys()]) this.forget(id);
  }

  forget(id: number): void {
    if (this.#kept.delete(id)) this.#storage.kv.delete(PREFIX + id);
  }
}

function isSame(kept: Marks | undefined, now: Marks): boolean {
  if (kept === undefined) return false;
  const [before, after] = [kept.consecutive_failures, now.consecutive_failures];
  const isSameStreak = before === after || (after > Math.max(before, EXACT_FAILURES) && after < before * GROWTH);
  return isSameStreak && kept.flapping === now.flapping && kept.unseen_from.join() === now.unseen_from.join();
}
