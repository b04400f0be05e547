/** Notes each minute that the hub is awake, and keeps the gaps in which it was not. They outlast an eviction. */
import { gapBefore, type HubGap, withGap } from "../core/watch-gaps.ts";

const AWAKE_AT = "awake_at";
const PREFIX = "gap:";
/** Of gaps in which only the hub's own probes were missing. */
const PROBES_PREFIX = "probes-gap:";
/** As long as the history of services. */
const KEPT_MS = 731 * 86_400_000;
const MAX_GAPS = 1_000;

export class Wakefulness {
  readonly #storage: DurableObjectStorage;
  /** Oldest first. */
  #gaps: HubGap[];

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    const kept = [PREFIX, PROBES_PREFIX].flatMap((prefix) =>
      [...storage.kv.list<number>({ prefix })].map(([name, to]) => ({
        from: Number(name.slice(prefix.length)),
        to,
        only_probes: prefix === PROBES_PREFIX,
      })),
    );
    this.#gaps = kept.sort((a, b) => a.from - b.from);
  }

  get gaps(): readonly HubGap[] {
    return this.#gaps;
  }

  /** The cron came. See `gapBefore`. */
  awake(now: number, startedAt: number | undefined, checkedAt: Iterable<number>): void {
    const last = this.#storage.kv.get<number>(AWAKE_AT);
    if (last !== undefined && last >= now) return; // a tick that came twice
    this.#storage.kv.put(AWAKE_AT, now);
    const gap = last === undefined ? null : gapBefore({ last, now, startedAt, checkedAt });
    if (gap !== null) this.keep(gap);
  }

  keep(gap: HubGap): void {
    const kept = withGap(this.#gaps, gap)
      .filter(({ to }) => to > gap.to - KEPT_MS)
      .slice(-MAX_GAPS);
    for (const old of this.#gaps) if (!kept.includes(old)) this.#storage.kv.delete(nameOf(old));
    for (const each of kept) if (!this.#gaps.includes(each)) this.#storage.kv.put(nameOf(each), each.to);
    this.#gaps = kept;
  }
}

function nameOf({ from, only_probes }: HubGap): string {
  return (only_probes ? PROBES_PREFIX : PREFIX) + String(from).padStart(15, "0");
}
