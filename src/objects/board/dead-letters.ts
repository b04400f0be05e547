/**
 * Keeps the messages that failed their last retry in the object's storage. A lost round of checks is over soon: the next
 * one was planned in time. Results that are not recorded wait until they are, for a day.
 */
import type { DeadLetter } from "../../platform/board-rpc.ts";

const KEY = "dead_letters";
const MINUTE_MS = 60_000;
const KEPT_MS = 1_440 * MINUTE_MS;
const ROUNDS_COUNT_MS = 10 * MINUTE_MS;
const MAX_KEPT = 1_000;

/** The letters that count now. */
export interface Lost {
  count: number;
  /** In words for a person; null: nothing. */
  output: string | null;
}

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

  /** `now`: Unix ms. A clock that was ahead may have set the time of a failure. */
  lost(now: number): Lost {
    const letters = this.#read();
    const within = (letter: DeadLetter, ms: number) => Math.abs(now - letter.at) < ms;
    const results = letters.filter((letter) => isOfResults(letter) && within(letter, KEPT_MS));
    const rounds = letters.filter((letter) => !isOfResults(letter) && within(letter, ROUNDS_COUNT_MS));
    const words = [
      ...told(rounds, "round of checks was lost", "rounds of checks were lost"),
      ...told(results, "batch of results is not recorded", "batches of results are not recorded"),
    ];
    return { count: rounds.length + results.length, output: words.length === 0 ? null : words.join("; ") };
  }

  #read(): DeadLetter[] {
    return this.#storage.kv.get<DeadLetter[]>(KEY) ?? [];
  }
}

function isOfResults({ queue }: DeadLetter): boolean {
  return queue.includes("-outcomes");
}

function told(letters: readonly DeadLetter[], one: string, many: string): string[] {
  if (letters.length === 0) return [];
  const newest = new Date(Math.max(...letters.map(({ at }) => at))).toISOString();
  const reason = letters.findLast((letter) => letter.reason)?.reason;
  const why = reason ? ` (${reason})` : "";
  return [`${letters.length} ${letters.length === 1 ? one : many}, the last at ${newest}${why}`];
}
