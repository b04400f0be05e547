/** The problems that the agent tells its hub, for a person: one text for each part of the agent. */
import { boundedErrorText } from "../core/values/error-text.ts";

export type ProblemOf = "checks" | "task" | "containers" | "name";

export class Problems {
  readonly #texts = new Map<ProblemOf, string>();
  readonly #log: (line: string) => void;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /** `text`: null when all is well. Returns whether that is news. */
  report(about: ProblemOf, text: string | null): boolean {
    if ((this.#texts.get(about) ?? null) === text) return false;
    if (text === null) {
      this.#texts.delete(about);
    } else {
      this.#log(text);
      this.#texts.set(about, text);
    }
    return true;
  }

  /** Null: nothing. */
  get text(): string | null {
    return this.#texts.size === 0 ? null : boundedErrorText([...this.#texts.values()].join("; "));
  }
}
