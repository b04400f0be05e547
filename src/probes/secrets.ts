/**
 * Handles `${PROBE_SECRET_X}` in a check. The value is inserted just before the probe, and removed from every text that
 * the probe returns.
 */
import { ProbeFailure } from "./probe.ts";

const REFERENCE = /\$\{(PROBE_SECRET_[A-Z0-9_]+)\}/g;
/** Shorter values are not removed, because they would also hide ordinary words. */
const MIN_REDACTED_CHARS = 3;
/** If a text ends in the middle of a secret, this many first characters are enough to recognise the secret. */
const KNOWN_BY_CHARS = 16;

export class Secrets {
  /** Values that must not be shown, each with the name to show instead. */
  readonly #hidden = new Map<string, string>();
  readonly #lookUp: (name: string) => string | undefined;

  constructor(lookUp: (name: string) => string | undefined) {
    this.#lookUp = lookUp;
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
    if (text.length >= MIN_REDACTED_CHARS) this.#hidden.set(text, name);
  }

  /**
   * Returns the text with every used secret replaced by its name. Quoted and encoded forms of the secret are replaced
   * too.
   */
  redact(text: string): string {
    const longestFirst = [...this.#hidden].sort(([a], [b]) => b.length - a.length);
    return longestFirst.reduce((rest, [value, name]) => replaceValue(rest, value, `\${${name}}`), text);
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
    for (const form of formsOf(value)) this.hide(form, name);
    return value;
  }
}

/** How a target may write the value when it repeats what it was sent: trimmed, quoted, escaped, or encoded. */
function formsOf(value: string): Set<string> {
  const encoded = encodeURIComponent(value.toWellFormed());
  const all = encoded.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const urls = [encoded, all, encoded.replaceAll("'", "%27")].flatMap((form) => [form, form.replaceAll("%2F", "/")]);
  const escaped = value.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const named = value.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
  return new Set([
    ...[value, value.trim(), JSON.stringify(value).slice(1, -1), value.replaceAll("/", "\\/"), escaped, named],
    ...urls.flatMap((form) => [form, form.replaceAll("%20", "+"), form.replace(/%[0-9A-F]{2}/g, lowerCase)]),
    btoa(String.fromCharCode(...new TextEncoder().encode(value))).replace(/=+$/, ""),
  ]);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const lowerCase = (text: string) => text.toLowerCase();

/** Replaces every occurrence of the value. Also replaces a first part of it with at least KNOWN_BY_CHARS characters. */
function replaceValue(text: string, value: string, name: string): string {
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
