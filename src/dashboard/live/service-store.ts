/** Every service of the hub as the feed keeps it up to date, for pages to read and to be told of changes. */

import type { FlipFrame, Frame, HealthUpdate, ServiceLite } from "../../core/live-protocol.ts";
import type { ListedFlip } from "../api/queries.ts";
import { rowOfListed, rowOfLite, type ServiceOfList, type ServiceRow } from "./service-row.ts";

const MAX_FLIPS = 200;
/** Response times remembered of one service, for its sparkline. */
const MAX_TRAIL = 40;
/** Pages are told this often at most: faster is not seen, and a storm of flips must not stop the page. */
const TELL_EVERY_MS = 200;

export interface Snapshot {
  /** Rises with each change. */
  version: number;
  rows: ReadonlyMap<number, ServiceRow>;
  /** Newest first. */
  flips: readonly ListedFlip[];
  /** The feed has told what there is. */
  ready: boolean;
}

/** `later` runs a function once after some ms: setTimeout. */
export class ServiceStore {
  readonly #later: (run: () => void, ms: number) => void;
  readonly #rows = new Map<number, ServiceRow>();
  readonly #trails = new Map<number, number[]>();
  readonly #listeners = new Set<() => void>();
  #flips: ListedFlip[] = [];
  #version = 0;
  #ready = false;
  #told: Snapshot = { version: 0, rows: this.#rows, flips: [], ready: false };
  #waiting = false;

  constructor(later: (run: () => void, ms: number) => void) {
    this.#later = later;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The same object until there is something new. */
  readonly read = (): Snapshot => this.#told;

  /** The newest response times, oldest first. */
  trail(id: number): readonly number[] {
    return this.#trails.get(id) ?? [];
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
      case "error":
        return;
    }
    this.#changed();
  }

  /** Services as the API lists them. */
  list(services: readonly ServiceOfList[]): void {
    for (const service of services) this.#rows.set(service.id, rowOfListed(service, this.#rows.get(service.id)));
    this.#changed();
  }

  forget(id: number): void {
    this.#rows.delete(id);
    this.#changed();
  }

  /** Flips of the past; those that the feed told already are not doubled. */
  remember(flips: readonly ListedFlip[]): void {
    const known = new Set(this.#flips.map(keyOf));
    const merged = [...this.#flips, ...flips.filter((flip) => !known.has(keyOf(flip)))];
    this.#flips = merged.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_FLIPS);
    this.#changed();
  }

  /** What was deregistered while the feed was away is not in the snapshot; what nobody watches never is. */
  #replace(services: readonly ServiceLite[]): void {
    const there = new Set(services.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (!there.has(id) && row.listed?.enabled !== false) this.#rows.delete(id);
    }
    for (const service of services) this.#rows.set(service.id, rowOfLite(service, this.#rows.get(service.id)));
    this.#ready = true;
  }

  #health({ id, status, latency_ms, at }: HealthUpdate): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    const last_at = at === null ? row.last_at : Date.parse(at);
    const since = status === row.status ? row.since : (last_at ?? row.since);
    this.#rows.set(id, { ...row, status, latency_ms, last_at, since });
    if (latency_ms === null) return;
    const trail = this.#trails.get(id);
    if (trail === undefined) this.#trails.set(id, [latency_ms]);
    else if (trail.push(latency_ms) > MAX_TRAIL) trail.shift();
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
    this.#version += 1;
    if (now) this.#tell();
    else if (!this.#waiting) {
      this.#waiting = true;
      this.#later(() => this.#tell(), TELL_EVERY_MS);
    }
  }

  #tell(): void {
    this.#waiting = false;
    this.#told = { version: this.#version, rows: this.#rows, flips: this.#flips, ready: this.#ready };
    for (const listener of this.#listeners) listener();
  }
}

function keyOf(flip: Pick<ListedFlip, "service_id" | "seq">): string {
  return `${flip.service_id} ${flip.seq}`;
}
