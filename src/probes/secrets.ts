/** `${PROBE_SECRET_X}` in a check: put in just before the probe, taken out of everything that it says. */
import { ProbeFailure } from "./probe.ts";

const REFERENCE = /\$\{(PROBE_SECRET_[A-Z0-9_]+)\}/g;
/** A shorter value would hide ordinary words. */
const MIN_REDACTED_CHARS = 3;
/** A secret that was cut off is known by this much of its beginning. */
const KNOWN_BY_CHARS = 16;

/** Whether a text of a check, as it is stored, names a secret. */
export function namesSecret(text: string): boolean {
  return text.search(REFERENCE) >= 0;
}

export class Secrets {
  /** What must not be told, and the name to put in its place. */
  readonly #hidden = new Map<string, string>();
  readonly #lookUp: (name: string) => string | undefined;

  constructor(lookUp: (name: string) => string | undefined) {
    this.#lookUp = lookUp;
  }

  /** Every string inside the value with its references resolved. Throws a ProbeFailure for an unknown one. */
  resolve<T>(value: T): T {
    return this.#walk(value) as T; // strings stay strings, everything else keeps its shape
  }

  /** Path and query of a URL with its references resolved; a secret may span segments of the path, not of the query. */
  resolvePath(path: string): string {
    return path.replace(REFERENCE, (_match, name: string, at: number) => {
      const encoded = encodeURIComponent(this.#value(name));
      return path.lastIndexOf("?", at) >= 0 ? encoded : encoded.replaceAll("%2F", "/");
    });
  }

  /** Something made from the secret `name` that tells as much. */
  hide(text: string, name: string): void {
    if (text.length >= MIN_REDACTED_CHARS) this.#hidden.set(text, name);
  }

  /** The text with every secret that was used replaced by its name, also where it is quoted or encoded. */
  redact(text: string): string {
    const longestFirst = [...this.#hidden].sort(([a], [b]) => b.length - a.length);
    return longestFirst.reduce((rest, [value, name]) => without(rest, value, `\${${name}}`), text);
  }

  #walk(value: unknown): unknown {
    if (typeof value === "string") return value.replace(REFERENCE, (_match, name: string) => this.#value(name));
    if (Array.isArray(value)) return value.map((item) => this.#walk(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#walk(item)]));
  }

  #value(name: string): string {
    const value = this.#lookUp(name);
    if (value === undefined) throw new ProbeFailure(`the secret ${name} is not set`, { verdict: "unprobeable" });
    const encoded = encodeURIComponent(value.toWellFormed());
    const quoted = JSON.stringify(value).slice(1, -1);
    for (const form of [value, encoded, encoded.replaceAll("%2F", "/"), quoted]) this.hide(form, name);
    return value;
  }
}

/** Every occurrence of the value replaced, and every beginning of it that is long enough to be no chance. */
function without(text: string, value: string, name: string): string {
  const head = value.slice(0, KNOWN_BY_CHARS);
  const [first = "", ...parts] = text.split(head);
  const tail = value.slice(head.length);
  return first + parts.map((part) => name + part.slice(sharedLength(part, tail))).join("");
}

function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return length;
}
