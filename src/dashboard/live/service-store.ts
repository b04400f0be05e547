/** All services of the hub. The feed keeps them up to date; pages read them and subscribe to changes. */
import type { FlipFrame, Frame, HealthUpdate, ServiceLite } from "../../core/board/live-protocol.ts";
import type { ListedFlip } from "../api/queries.ts";
import { joined, type Past, type SeenCheck, withCheck } from "./past.ts";
import { rowOfListed, rowOfLite, type ServiceOfList, type ServiceRow } from "./service-row.ts";

const MAX_FLIPS = 200;
/** Of so many services the last checks are kept: of those that were seen last. */
const MAX_PASTS = 1_000;
/** Changes are collected for this time before the pages render again. Otherwise a storm of flips would block them. */
const PUBLISH_EVERY_MS = 200;

export interface Snapshot {
  /** Another map after each change. */
  rows: ReadonlyMap<number, ServiceRow>;
  /** Newest first. */
  flips: readonly ListedFlip[];
  /** True when the feed has sent all services. */
  ready: boolean;
}

/** `later` runs a function once after some ms, as setTimeout does. */
export class ServiceStore {
  readonly #later: (run: () => void, ms: number) => void;
  readonly #rows = new Map<number, ServiceRow>();
  /** Services whose last checks are known, those seen last at the end. The feed may have missed some of `false`. */
  readonly #pasts = new Map<number, boolean>();
  /** The frames since the last checks of a service were asked for. */
  readonly #awaited = new Map<number, SeenCheck[]>();
  readonly #listeners = new Set<() => void>();
  #flips: ListedFlip[] = [];
  #ready = false;
  #published: Snapshot = { rows: new Map(), flips: [], ready: false };
  #isScheduled = false;

  constructor(later: (run: () => void, ms: number) => void) {
    this.#later = later;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Returns the same object until something changes, as useSyncExternalStore requires. */
  readonly read = (): Snapshot => this.#published;

  /** Whether the last checks of the service have to be loaded: they are not known, or the feed was away since. */
  lacksPast(id: number): boolean {
    const row = this.#rows.get(id);
    return row !== undefined && (row.past === null || this.#pasts.get(id) !== true);
  }

  /** The last checks of these services are being loaded. */
  awaitPasts(ids: readonly number[]): void {
    for (const id of ids) this.#awaited.set(id, []);
  }

  /** `pasts`: the last checks of those of the awaited services that the hub knows. */
  addPasts(ids: readonly number[], pasts: ReadonlyMap<number, Past>): void {
    for (const id of ids) {
      const past = pasts.get(id);
      const row = this.#rows.get(id);
      const meanwhile = this.#awaited.get(id) ?? [];
      this.#awaited.delete(id);
      if (past === undefined || row === undefined) continue;
      this.#rows.set(id, { ...row, past: joined(past, [...(row.past?.checks ?? []), ...meanwhile]) });
      this.#pasts.delete(id);
      this.#pasts.set(id, true);
    }
    this.#forgetOldPasts();
    this.#changed();
  }

  #forgetOldPasts(): void {
    for (const id of this.#pasts.keys()) {
      if (this.#pasts.size <= MAX_PASTS) return;
      this.#pasts.delete(id);
      const row = this.#rows.get(id);
      if (row !== undefined) this.#rows.set(id, { ...row, past: null });
    }
  }

  apply(frame: Frame): void {
    switch (frame.type) {
      case "snapshot":
        this.#replace(frame.services);
        this.#changed(true);
        return;
      case "health":
        for (const update of frame.services) this.#health(update);
        break;
      case "flip":
        this.#flip(frame);
        break;
      case "registered":
        this.#rows.set(frame.service.id, rowOfLite(frame.service, this.#rows.get(frame.service.id)));
        break;
      case "deregistered":
        this.#rows.delete(frame.service.id);
        break;
      case "project":
        break;
      case "error":
        return;
    }
    this.#changed();
  }

  /** Adds or updates services that the API returned. */
  addListed(services: readonly ServiceOfList[]): void {
    for (const service of services) this.#rows.set(service.id, rowOfListed(service, this.#rows.get(service.id)));
    this.#changed();
  }

  remove(id: number): void {
    this.#rows.delete(id);
    this.#changed();
  }

  /** Adds flips from the database. Ignores flips that the feed has already sent. */
  addFlips(flips: readonly ListedFlip[]): void {
    const known = new Set(this.#flips.map(keyOf));
    const merged = [...this.#flips, ...flips.filter((flip) => !known.has(keyOf(flip)))];
    this.#flips = merged.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_FLIPS);
    this.#changed();
  }

  /** Removes services that are not in the snapshot. Disabled services stay, because a snapshot never contains them. */
  #replace(services: readonly ServiceLite[]): void {
    const present = new Set(services.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (!present.has(id) && row.listed?.enabled !== false) this.#rows.delete(id);
    }
    for (const service of services) this.#rows.set(service.id, rowOfLite(service, this.#rows.get(service.id)));
    for (const id of this.#pasts.keys()) this.#pasts.set(id, false);
    this.#ready = true;
  }

  #health({ id, status, latency_ms, at }: HealthUpdate): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const last_at = at === null ? row.last_at : Date.parse(at);
    const since = status === row.status ? row.since : (last_at ?? row.since);
    const check = last_at === null ? null : { at: last_at, status, latency_ms };
    const past = row.past === null || check === null ? row.past : withCheck(row.past, check);
    this.#rows.set(id, { ...row, status, latency_ms, last_at, since, past });
    if (check !== null) this.#awaited.get(id)?.push(check);
  }

  #flip({ type: _, flip_seq, ...frame }: FlipFrame): void {
    const flip: ListedFlip = { ...frame, seq: flip_seq };
    if (!this.#flips.slice(0, MAX_FLIPS).some((each) => keyOf(each) === keyOf(flip))) {
      this.#flips = [flip, ...this.#flips].slice(0, MAX_FLIPS);
    }
    const row = this.#rows.get(flip.service_id);
    if (row === undefined) return;
    const error = flip.to === "down" ? flip.reason : null;
    const listed = row.listed === null ? null : { ...row.listed, error };
    this.#rows.set(row.id, { ...row, status: flip.to, since: Date.parse(flip.at), listed });
  }

  #changed(now = false): void {
    if (now) this.#publish();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#later(() => this.#publish(), PUBLISH_EVERY_MS);
    }
  }

  #publish(): void {
    this.#isScheduled = false;
    this.#published = { rows: new Map(this.#rows), flips: this.#flips, ready: this.#ready };
    for (const listener of this.#listeners) listener();
  }
}

function keyOf(flip: Pick<ListedFlip, "service_id" | "seq">): string {
  return `${flip.service_id} ${flip.seq}`;
}
