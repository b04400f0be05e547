/**
 * A target may repeat what it was sent, and cut it in the middle of a secret. The text before the secret tells where it
 * begins, however little of it is there.
 */
import { inARow, type Place, plainUnits, type Spellings, withoutPlaces } from "./spellings.ts";

/** So many characters before the secret are enough. */
const KNOWN_CHARS = 32;

export class Echo {
  readonly #before: string;
  readonly #secret: string;
  readonly #spellings: Spellings;
  #found: RegExp | null = null;

  /** `before`: on the line of the secret, never empty. `spellings`: of the secret. */
  constructor(before: string, secret: string, spellings: Spellings) {
    this.#before = before.slice(-KNOWN_CHARS);
    this.#secret = secret;
    this.#spellings = spellings;
  }

  /**
   * Returns the text without the rest of each line after `before` and the first letter of the secret. All of the rest
   * goes, so that nobody learns how much of a guess was right. A whole secret is left to its spellings.
   */
  replace(text: string, by: string): string {
    this.#found ??= patternOf(this.#before, this.#secret);
    const places = [...text.matchAll(this.#found)].flatMap(({ 0: found, index }): Place[] => {
      const from = index + found.length;
      return this.#spellings.isAt(text, from) ? [] : [{ from, to: lineEnd(text, from) }];
    });
    return withoutPlaces(text, places, by);
  }
}

function patternOf(before: string, secret: string): RegExp {
  return new RegExp(`${inARow(plainUnits(before))}(?=${inARow(plainUnits(secret).slice(0, 1))})`, "gi");
}

function lineEnd(text: string, from: number): number {
  const at = text.slice(from).search(/[\r\n]/);
  return at < 0 ? text.length : from + at;
}
