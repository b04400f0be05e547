/** Keeps the messages that failed their last retry in the object's storage. /health counts them for a day. */
import type { DeadLetter } from "../platform/bindings.ts";

const KEY = "dead_letters";
const KEPT_MS = 86_400_000;
const MAX_KEPT = 1_000;

export class DeadLetters {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  add(letters: readonly DeadLetter[]): void {
    const known = this.#read().filter((letter) => !letters.some(({ id }) => id === letter.id));
    this.#storage.kv.put(KEY, [...known, ...letters].slice(-MAX_KEPT));
  }

  remove(ids: readonly string[]): void {
    const known = this.#read();
    const left = known.filter(({ id }) => !ids.includes(id));
    if (left.length < known.length) this.#storage.kv.put(KEY, left);
  }

  /** Returns how many messages failed within a day of `now`. A clock that was ahead may have set the time of a failure. */
  count(now: number): number {
    return this.#read().filter(({ at }) => Math.abs(now - at) < KEPT_MS).length;
  }

  #read(): DeadLetter[] {
    return this.#storage.kv.get<DeadLetter[]>(KEY) ?? [];
  }
}
