/**
 * Limits the connections that are open at the same time. A Worker invocation may have six connections that wait for
 * their first byte. The runtime queues further ones silently, and the probe's timeout would pass meanwhile. Therefore a
 * probe waits for a slot here, and its time starts when it has the slot. A slot is taken until its connections are
 * free: an attempt to connect that hangs goes on after the probe has timed out and closed it.
 */
import { hasRoom, isQuietAtOnce, type Place, type SlotLimits } from "../core/lane/slots.ts";
import { HungHosts } from "./hung-hosts.ts";

/** Shortest pause between two looks for connections that have become quiet. */
const QUIET_LOOK_MS = 50;

export interface Wanted extends Place {
  /** How long the task may wait for its slot. */
  patienceMs: number;
  /** If others hold the task up for so long, it goes elsewhere; absent: it can't. */
  crowdedMs?: number | undefined;
}

/** A task tells this of its slot. */
export interface Seat {
  /** The slot is taken until the promise is settled, also after the task has ended. */
  until(free: Promise<unknown>): void;
  /** The host let the task wait until its timeout. */
  hung(): void;
}

/** A task waited for a slot for too long, and did not begin. */
export class NoSlot extends Error {
  override name = "NoSlot";
}

/** Others held the task up, and elsewhere it could begin at once. */
export class Crowded extends NoSlot {
  override name = "Crowded";
}

interface Waiting extends Place {
  start(taken: Taken): void;
  /** It has waited for so long that it goes elsewhere once others hold it up; null: not yet. */
  leave: (() => void) | null;
}

/** A slot that is taken. */
interface Taken extends Place {
  /** Of the machine's monotonic clock, ms. */
  since: number;
  isQuiet: boolean;
}

export class Slots {
  readonly #limits: SlotLimits;
  readonly #hosts: HungHosts;
  readonly #perHost = new Map<string, number>();
  #queue: Waiting[] = [];
  #total = 0;
  #tcp = 0;
  #quiet = 0;
  /** Those that are not quiet, the oldest first. */
  readonly #active = new Set<Taken>();
  #isLooking = false;
  /** Tasks whose hosts hung, of all that there were. */
  #hung = 0;

  /** `hosts`: those that hung before. */
  constructor(limits: SlotLimits, hosts = new HungHosts()) {
    this.#limits = limits;
    this.#hosts = hosts;
  }

  /**
   * Runs the task when it has a slot. Tasks start in order of arrival; a task whose host or kind has no room does not
   * block others. Throws a NoSlot when the task did not begin, and a Crowded when it should begin elsewhere.
   */
  async run<T>({ kind, host, ...patience }: Wanted, task: (seat: Seat) => Promise<T>): Promise<T> {
    const taken = await this.#enter({ kind, host }, patience);
    const connections: Promise<unknown>[] = [];
    let isHung = false;
    const seat: Seat = {
      until: (free) => void connections.push(free.catch(() => {})),
      hung: () => {
        isHung = true;
      },
    };
    try {
      return await task(seat);
    } finally {
      this.#remember(host, isHung);
      void this.#leave(taken, connections);
    }
  }

  async #enter(place: Place, { patienceMs, crowdedMs }: Omit<Wanted, keyof Place>): Promise<Taken> {
    if (this.#hasRoom(place)) return this.#take(place);
    const { promise, resolve, reject } = Promise.withResolvers<Taken>();
    const waiting: Waiting = { ...place, start: resolve, leave: null };
    this.#queue.push(waiting);
    this.#lookForQuiet();
    const hungBefore = this.#hung;
    const giveUp = (ms: number, Why: typeof NoSlot) => {
      this.#queue = this.#queue.filter((other) => other !== waiting);
      reject(new Why(noneFree(ms, this.#hung > hungBefore)));
    };
    const timers = [setTimeout(() => giveUp(patienceMs, NoSlot), patienceMs)];
    if (crowdedMs !== undefined && crowdedMs < patienceMs) {
      const mayLeave = () => {
        waiting.leave = () => giveUp(crowdedMs, Crowded);
        this.#sendAway();
      };
      timers.push(setTimeout(mayLeave, crowdedMs));
    }
    try {
      return await promise;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }

  #sendAway(): void {
    for (const waiting of this.#queue) if (waiting.leave !== null && this.#isHeldUp(waiting)) waiting.leave();
  }

  /** Whether others are what it waits for. A host that works is spared: it never has more connections than allowed. */
  #isHeldUp({ host }: Place): boolean {
    return this.#isHung(host) || (this.#perHost.get(host) ?? 0) < this.#limits.perHost;
  }

  async #leave(taken: Taken, connections: Promise<unknown>[]): Promise<void> {
    if (connections.length > 0) await within(this.#limits.heldMs, Promise.all(connections));
    if (taken.isQuiet) this.#quiet -= 1;
    else this.#isActiveNoMore(taken);
    const { host } = taken;
    const left = (this.#perHost.get(host) ?? 1) - 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
    this.#admit();
  }

  #admit(): void {
    if (this.#queue.length === 0) return;
    this.#queue = this.#queue.filter((waiting) => {
      if (!this.#hasRoom(waiting)) return true;
      waiting.start(this.#take(waiting));
      return false;
    });
  }

  /** While somebody waits, looks who is quiet by now, and lets others in their places. */
  #lookForQuiet(): void {
    const [oldest] = this.#active;
    const { quietAfterMs } = this.#limits;
    if (quietAfterMs === undefined || this.#isLooking || this.#queue.length === 0 || oldest === undefined) return;
    this.#isLooking = true;
    setTimeout(
      () => {
        this.#isLooking = false;
        for (const taken of this.#active) {
          if (performance.now() - taken.since < quietAfterMs || this.#quiet >= this.#limits.hung) break;
          this.#isActiveNoMore(taken);
          taken.isQuiet = true;
          this.#quiet += 1;
        }
        this.#admit();
        this.#lookForQuiet();
      },
      Math.max(QUIET_LOOK_MS, oldest.since + quietAfterMs - performance.now()),
    );
  }

  #isActiveNoMore(taken: Taken): void {
    this.#active.delete(taken);
    this.#total -= 1;
    if (taken.kind === "tcp") this.#tcp -= 1;
  }

  #hasRoom(place: Place): boolean {
    return hasRoom(place, this.#taken, this.#isHung, this.#limits);
  }

  #take({ kind, host }: Place): Taken {
    const isQuiet = isQuietAtOnce(host, this.#taken, this.#isHung, this.#limits);
    const taken = { kind, host, since: performance.now(), isQuiet };
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
    if (isQuiet) {
      this.#quiet += 1;
      return taken;
    }
    this.#active.add(taken);
    this.#total += 1;
    if (kind === "tcp") this.#tcp += 1;
    return taken;
  }

  #remember(host: string, isHung: boolean): void {
    if (isHung) {
      this.#hung += 1;
      this.#hosts.add(host);
      this.#sendAway();
    } else {
      this.#hosts.delete(host);
    }
  }

  get #taken() {
    return { total: this.#total, tcp: this.#tcp, quiet: this.#quiet, perHost: this.#perHost };
  }

  readonly #isHung = (host: string): boolean => this.#hosts.has(host);
}

function noneFree(ms: number, becauseOfHung: boolean): string {
  const why = becauseOfHung ? "hosts that do not answer held them" : "other checks took them all";
  return `no connection was free: for ${Math.round(ms / 1_000)} s ${why}`;
}

async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
