/** `${PROBE_SECRET_X}` in a check: put in just before the probe, taken out of everything that it says. */
import { ProbeFailure } from "./probe.ts";

const REFERENCE = /\$\{(PROBE_SECRET_[A-Z0-9_]+)\}/g;
/** A shorter value would hide ordinary words. */
const MIN_REDACTED_CHARS = 3;

export class Secrets {
  readonly #used = new Map<string, string>();
  readonly #lookUp: (name: string) => string | undefined;

  constructor(lookUp: (name: string) => string | undefined) {
    this.#lookUp = lookUp;
  }

  /** Every string inside the value with its references resolved. Throws a ProbeFailure for an unknown one. */
  resolve<T>(value: T): T {
    return this.#walk(value) as T; // strings stay strings, everything else keeps its shape
  }

  /** The text with every secret that was used replaced by its name. */
  redact(text: string): string {
    let redacted = text;
    for (const [name, value] of this.#used) {
      if (value.length >= MIN_REDACTED_CHARS) redacted = redacted.replaceAll(value, `\${${name}}`);
    }
    return redacted;
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
    this.#used.set(name, value);
    return value;
  }
}
