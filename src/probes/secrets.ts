/**
 * Handles `${PROBE_SECRET_X}` in a check. The value is inserted just before the probe, and removed from everything that
 * the target says, before that is compared, cut or told.
 */
import { Echo } from "./echo.ts";
import { ProbeFailure } from "./probe-failure.ts";
import { Spellings } from "./spellings.ts";

const REFERENCE = /\$\{(PROBE_SECRET_[A-Z0-9_]+)\}/g;
/** Shorter values are not removed, because they would also hide ordinary words. */
const MIN_REDACTED_CHARS = 3;
/** Of a JSON document: its texts, the last of which may be cut off, and numbers. Each quote begins or ends a text. */
const JSON_VALUES = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|-?\d[\d.eE+-]*/gs;
/** A character may be written as three bytes of `%25XX`. */
const LONGEST_SPELLING = 15;

export class Secrets {
  /** Values that must not be shown, each with the name to show instead. */
  readonly #hidden = new Map<string, { name: string; spellings: Spellings }>();
  /** The texts before values, each with the name of its value; by both. */
  readonly #echoes = new Map<string, { name: string; echo: Echo }>();
  readonly #lookUp: (name: string) => string | undefined;

  constructor(lookUp: (name: string) => string | undefined) {
    this.#lookUp = lookUp;
  }

  /** Whether there is nothing to remove from any text. */
  get isEmpty(): boolean {
    return this.#hidden.size === 0;
  }

  /** Whether no secret goes on after a line break, so that whole lines can be judged as they come. */
  get endWithLines(): boolean {
    return ![...this.#hidden.keys()].some((value) => value.includes("\n"));
  }

  /**
   * Returns the value with the references in all its strings resolved. Throws a ProbeFailure when a secret is not set.
   */
  resolve<T>(value: T): T {
    return this.#walk(value) as T; // strings stay strings, everything else keeps its shape
  }

  /**
   * Returns the path and query of a URL with the references resolved. In the path, a `/` of a secret stays a `/`; in
   * the query it is encoded.
   */
  resolvePath(path: string): string {
    return path.replace(REFERENCE, (_match, name: string, at: number) => {
      const encoded = encodeURIComponent(this.#value(name));
      return path.lastIndexOf("?", at) >= 0 ? encoded : encoded.replaceAll("%2F", "/");
    });
  }

  /** Also hides a text that is made from the secret `name`. */
  hide(text: string, name: string): void {
    if (text.length >= MIN_REDACTED_CHARS && !this.#hidden.has(text)) {
      this.#hidden.set(text, { name, spellings: new Spellings(text) });
    }
  }

  /** Returns what a target says with every used secret replaced by its name, however it is written or cut. */
  redact(text: string): string {
    return this.redactWhole(
      [...this.#echoes.values()].reduce((rest, { name, echo }) => echo.replace(rest, `\${${name}}`), text),
    );
  }

  /** The same for a text that has words of the check itself, so nothing is hidden there but secrets. */
  redactWhole(text: string): string {
    const longestFirst = [...this.#hidden].sort(([a], [b]) => b.length - a.length);
    return longestFirst.reduce((rest, [, { name, spellings }]) => spellings.replace(rest, `\${${name}}`), text);
  }

  /** The same for what has come of a text so far. `open`: its end, where that may be the beginning of a secret. */
  redactSoFar(text: string): { known: string; open: string } {
    const clean = this.redact(text);
    const begun = [...this.#hidden.values()].flatMap(({ spellings }) => spellings.openAt(clean) ?? []);
    const end = Math.min(clean.length, ...begun);
    return { known: clean.slice(0, end), open: clean.slice(end) };
  }

  /** The same for a JSON document, which stays one. */
  redactJson(text: string): string {
    if (this.isEmpty || (!text.includes("\\") && this.redact(text) === text)) return text;
    return text.replace(JSON_VALUES, (token) => {
      const plain = token.startsWith('"') ? parsed(token) : token;
      const clean = this.redact(plain);
      return clean === plain ? token : JSON.stringify(clean);
    });
  }

  /** The same for the beginning of a longer text. Its end may be a part of a secret, so it is left out. */
  redactBeginning(text: string): string {
    if (this.isEmpty) return text;
    const longest = Math.max(...[...this.#hidden.keys()].map((value) => value.length));
    return this.redact(text).slice(0, -LONGEST_SPELLING * longest);
  }

  #walk(value: unknown): unknown {
    if (typeof value === "string") return this.#inserted(value);
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#walk(item)]));
  }

  #inserted(text: string): string {
    let inserted = "";
    let end = 0;
    for (const { 0: match, 1: name = "", index } of text.matchAll(REFERENCE)) {
      inserted += text.slice(end, index);
      const value = this.#value(name);
      this.#hideAfter(inserted.slice(inserted.lastIndexOf("\n") + 1), value, name);
      inserted += value;
      end = index + match.length;
    }
    return inserted + text.slice(end);
  }

  /** `before`: what stands before the value on its line. */
  #hideAfter(before: string, value: string, name: string): void {
    const hidden = this.#hidden.get(value);
    if (hidden === undefined || before.trim() === "") return;
    this.#echoes.set(`${before}\n${value}`, { name, echo: new Echo(before, value, hidden.spellings) });
  }

  #value(name: string): string {
    const value = this.#lookUp(name);
    if (value === undefined) throw new ProbeFailure(`the secret ${name} is not set`, { verdict: "unprobeable" });
    this.hide(value, name);
    return value;
  }
}

/** The text that a token of JSON stands for; the token itself when it is malformed. */
function parsed(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}
