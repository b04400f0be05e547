/** Remembers what was found out about hosts, in the time of the machine: the network follows no other. */
import type { LookMemory } from "./probe.ts";

const REMEMBERED_MS = 60_000;
const MAX_ENTRIES = 1_000;

export class Lately implements LookMemory {
  /** The oldest first. */
  readonly #found = new Map<string, { at: number; value: unknown }>();

  get(key: string): unknown {
    const found = this.#found.get(key);
    return found !== undefined && Date.now() - found.at < REMEMBERED_MS ? found.value : undefined;
  }

  set(key: string, value: unknown): void {
    this.#found.delete(key);
    this.#found.set(key, { at: Date.now(), value });
    const [oldest] = this.#found.keys();
    if (this.#found.size > MAX_ENTRIES && oldest !== undefined) this.#found.delete(oldest);
  }
}
