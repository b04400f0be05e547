/** Notes each minute that the hub is awake, and keeps the gaps in which it was not. They outlast an eviction. */
import {
  type Downtime,
  downtimeBefore,
  downtimesUntil,
  type TickMarks,
  tickedNow,
  withDowntime,
} from "../../core/downtime/downtime.ts";

const AWAKE_AT = "awake_at";
const AWAKE_MARKS = "awake_marks";
const PREFIX = "gap:";
/** Of gaps in which only the hub's own probes were missing. */
const PROBES_PREFIX = "probes-gap:";
const MAX_GAPS = 1_000;

export class Downtimes {
  readonly #storage: DurableObjectStorage;
  /** Oldest first. */
  #gaps: Downtime[];

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

  /** `now`: Unix ms. */
  gaps(now: number): readonly Downtime[] {
    return downtimesUntil(this.#gaps, now);
  }

  /** The cron came. See `downtimeBefore`. */
  ticked(now: number, startedAt: number | undefined, checkedAt: Iterable<number>): void {
    this.#cutGaps(now);
    const last = this.#storage.kv.get<number>(AWAKE_AT);
    if (last === now) return; // a tick that came twice
    const known = tickedNow(this.#storage.kv.get<TickMarks>(AWAKE_MARKS) ?? null, last ?? now, now);
    this.#storage.kv.put(AWAKE_AT, now);
    this.#storage.kv.put(AWAKE_MARKS, known.marks);
    // A time of a clock that was ahead says nothing of the time since.
    const isUnknown = last === undefined || known.last > now;
    const gap = isUnknown ? null : downtimeBefore({ last: known.last, now, startedAt, checkedAt });
    if (gap !== null) this.keep(gap);
  }

  /**
   * The object is there again. That of a local hub stays as long as its process, unless its storage failed: then it saw
   * nothing until now, and what is checked before the next cron comes no longer tells since when.
   */
  back(now: number, startedAt: number | undefined, checkedAt: Iterable<number>): void {
    const last = this.#storage.kv.get<number>(AWAKE_AT);
    if (startedAt === undefined || last === undefined || last < startedAt) return;
    this.ticked(now, startedAt, checkedAt);
  }

  /** A gap that has not ended yet, although the hub is awake, was made by a clock that was ahead. */
  #cutGaps(now: number): void {
    for (const gap of this.#gaps) {
      if (gap.from < now && gap.to > now) this.#storage.kv.put(nameOf(gap), now);
    }
    this.#gaps = this.#gaps.map((gap) => (gap.from < now && gap.to > now ? { ...gap, to: now } : gap));
  }

  keep(gap: Downtime): void {
    const kept = withDowntime(this.#gaps, gap).slice(-MAX_GAPS);
    for (const old of this.#gaps) if (!kept.includes(old)) this.#storage.kv.delete(nameOf(old));
    for (const each of kept) if (!this.#gaps.includes(each)) this.#storage.kv.put(nameOf(each), each.to);
    this.#gaps = kept;
  }
}

function nameOf({ from, only_probes }: Downtime): string {
  return (only_probes ? PROBES_PREFIX : PREFIX) + String(from).padStart(15, "0");
}
