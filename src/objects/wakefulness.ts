/** Notes each minute that the hub is awake, and from that the gaps in which it was not. They outlast an eviction. */
import { type Gap, gapBefore } from "../core/watch-gaps.ts";

const AWAKE_AT = "awake_at";
const PREFIX = "gap:";
/** As long as the history of services. */
const KEPT_MS = 731 * 86_400_000;
const MAX_GAPS = 1_000;

export class Wakefulness {
  readonly #storage: DurableObjectStorage;
  /** Oldest first. */
  #gaps: Gap[];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#gaps = [...storage.kv.list<number>({ prefix: PREFIX })].map(([name, to]) => ({
      from: Number(name.slice(PREFIX.length)),
      to,
    }));
  }

  get gaps(): readonly Gap[] {
    return this.#gaps;
  }

  /** The cron came. See `gapBefore`. */
  awake(now: number, startedAt: number | undefined, checkedAt: Iterable<number>): void {
    const last = this.#storage.kv.get<number>(AWAKE_AT);
    if (last !== undefined && last >= now) return; // a tick that came twice
    this.#storage.kv.put(AWAKE_AT, now);
    const gap = last === undefined ? null : gapBefore({ last, now, startedAt, checkedAt });
    if (gap === null) return;
    this.#storage.kv.put(nameOf(gap), gap.to);
    const kept = [...this.#gaps, gap].filter(({ to }) => to > now - KEPT_MS).slice(-MAX_GAPS);
    for (const old of this.#gaps) if (!kept.includes(old)) this.#storage.kv.delete(nameOf(old));
    this.#gaps = kept;
  }
}

/** Names sort like times. */
function nameOf({ from }: Gap): string {
  return PREFIX + String(from).padStart(15, "0");
}
