/** Services of another hub that this hub can't read. Each costs only itself, and is named until it can be read or is gone. */
import type { ReadPage } from "../core/federation/federation.ts";

const MAX_SHOWN = 3;

export class UnreadServices {
  readonly #words = new Map<number, string>();

  take({ full, services, deleted, unread }: Pick<ReadPage, "full" | "services" | "deleted" | "unread">): void {
    if (full) this.#words.clear();
    for (const { id } of services) this.#words.delete(id);
    for (const id of deleted) this.#words.delete(id);
    for (const { service_id, place, error } of unread) this.#words.set(service_id ?? 0, `${place} (${error})`);
  }

  /** Null: all can be read. */
  words(): string | null {
    if (this.#words.size === 0) return null;
    const shown = [...this.#words.values()].slice(0, MAX_SHOWN).join(", ");
    const more = this.#words.size > MAX_SHOWN ? ` and ${this.#words.size - MAX_SHOWN} more` : "";
    return `${this.#words.size} of its services can't be read and are left out: ${shown}${more}`;
  }
}
