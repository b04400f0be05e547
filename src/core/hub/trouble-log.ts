/** Tells of a trouble of the database once when it begins, then now and then how often it was met, and once when it is over. */

import { TROUBLE_AGAIN_MS, TROUBLE_OVER_MS } from "../time/durations.ts";
import { databaseTrouble, NO_ANSWER } from "./database-trouble.ts";

interface Trouble {
  words: string;
  /** Unix ms. */
  since: number;
  last: number;
  told: number;
  failures: number;
}

/** `failures`: since the trouble began. */
export interface TroubleNews {
  step: "begins" | "goes_on" | "over";
  trouble: string;
  seconds: number;
  failures: number;
}

export class TroubleLog {
  #now: Trouble | null = null;

  /**
   * Something failed at `now` (Unix ms). Returns the news to tell in place of it, if any; null: the failure is no trouble
   * of the database.
   */
  failed(text: string, now: number): TroubleNews[] | null {
    const words = databaseTrouble(text);
    if (words === null) return this.#lasts(now) && text.includes("Failed query: ") ? [] : null;
    const over = this.quiet(now);
    const known = this.#now;
    if (known === null) return [...over, this.#begin(words, now)];
    known.failures += 1;
    known.last = now;
    // Once the cause is known, it is said; what follows from it, in vaguer words, says nothing new.
    if (known.words === NO_ANSWER && words !== NO_ANSWER) return [this.#tell("begins", { ...known, words }, now)];
    return now - known.told < TROUBLE_AGAIN_MS ? [] : [this.#tell("goes_on", known, now)];
  }

  /** Returns the news that the trouble is over, once nothing has failed for a while. `now`: Unix ms. */
  quiet(now: number): TroubleNews[] {
    const known = this.#now;
    if (known === null || this.#lasts(now)) return [];
    this.#now = null;
    return [newsOf("over", known, known.last)];
  }

  /** `text`: of an error of the database. One that does not tell its cause has that of the trouble that lasts. */
  wordsOf(text: string, now: number): string | null {
    const words = databaseTrouble(text);
    const isVague = words === null || words === NO_ANSWER;
    return isVague && this.#lasts(now) ? (this.#now?.words ?? words) : words;
  }

  #lasts(now: number): boolean {
    return this.#now !== null && Math.abs(now - this.#now.last) < TROUBLE_OVER_MS;
  }

  #begin(words: string, now: number): TroubleNews {
    return this.#tell("begins", { words, since: now, last: now, told: now, failures: 1 }, now);
  }

  #tell(step: TroubleNews["step"], trouble: Trouble, now: number): TroubleNews {
    this.#now = { ...trouble, told: now };
    return newsOf(step, trouble, now);
  }
}

function newsOf(step: TroubleNews["step"], { words, since, failures }: Trouble, now: number): TroubleNews {
  return { step, trouble: words, seconds: Math.max(0, Math.round((now - since) / 1_000)), failures };
}
