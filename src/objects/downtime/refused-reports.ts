/** When single reporters could not be heard although the hub ran; it outlasts an eviction of the board. */

const STORED_AS = "deaf_to";
/** Marks closer together than this are one: each is a write. */
const STEP_MS = 1_000;
/** Older ones no longer matter: the longest interval is a day. */
const KEPT_MS = 3 * 86_400_000;
/** Of the newest. A stored value may have 2 MB. */
const MAX_KEPT = 20_000;

export class RefusedReports {
  readonly #storage: DurableObjectStorage;
  /** By service, Unix ms; the oldest first. */
  #marks: Map<number, number>;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#marks = new Map(storage.kv.get<[number, number][]>(STORED_AS) ?? []);
  }

  /** `now`: Unix ms. A mark of the future counts as now. */
  entries(now: number): [id: number, at: number][] {
    return [...this.#marks].map(([id, at]) => [id, Math.min(at, now)]);
  }

  /** `now`: Unix ms. */
  note(ids: readonly number[], now: number): void {
    const news = ids.filter((id) => Math.abs(now - (this.#marks.get(id) ?? 0)) >= STEP_MS);
    if (news.length === 0) return;
    for (const id of news) {
      this.#marks.delete(id);
      this.#marks.set(id, now);
    }
    const kept = [...this.#marks].filter(([, at]) => now - at < KEPT_MS && at <= now).slice(-MAX_KEPT);
    this.#marks = new Map(kept);
    this.#storage.kv.put(STORED_AS, kept);
  }
}
