/** Finds checks whose options can't work as they are: an earlier release accepted them, so they are stored. */
import type { Check } from "./check.ts";
import { optionErrors } from "./option-rules.ts";

const MAX_SHOWN = 10;

export interface UnfitChecks {
  count: number;
  /** Texts for a person, each about one service, which is named by its id: the hub's health is public. */
  first: string[];
}

export class Fitness {
  /** What is wrong with each check, null: nothing. Rules on thousands of checks take time. */
  readonly #known = new WeakMap<Check, string | null>();

  unfit(entries: Iterable<{ check: Check }>): UnfitChecks {
    const errors = [...entries].flatMap(({ check }) => this.#errorOf(check) ?? []);
    return { count: errors.length, first: errors.slice(0, MAX_SHOWN) };
  }

  #errorOf(check: Check): string | null {
    const known = this.#known.get(check);
    if (known !== undefined) return known;
    const [error] = optionErrors(check);
    const text = error === undefined ? null : `service ${check.service_id}: ${error.path}: ${error.message}`;
    this.#known.set(check, text);
    return text;
  }
}
