/**
 * Limits the connections that are open at the same time. A Worker invocation may have six connections that wait for
 * their first byte. The runtime queues further ones silently, and the probe's timeout would pass meanwhile. Therefore a
 * probe waits for a slot here, and its time starts when it has the slot. A slot is taken until its connections are
 * free: an attempt to connect that hangs goes on after the probe has timed out and closed it.
 */
import { hasRoom, type Place, type SlotLimits } from "../core/slots.ts";
import { HungHosts } from "./hung-hosts.ts";

export interface Wanted extends Place {
  /** How long the task may wait for its slot. */
  patienceMs: number;
}

/** What a task tells of its slot. */
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

interface Waiting extends Place {
  start(): void;
}

export class Slots {
  readonly #limits: SlotLimits;
  readonly #hosts: HungHosts;
  readonly #perHost = new Map<string, number>();
  #queue: Waiting[] = [];
  #total = 0;
  #tcp = 0;
  /** Tasks whose hosts hung, of all that there were. */
  #hung = 0;

  /** `hosts`: those that hung before. */
  constructor(limits: SlotLimits, hosts = new HungHosts()) {
    this.#limits = limits;
    this.#hosts = hosts;
  }

  /**
   * Runs the task when it has a slot. Tasks start in order of arrival; a task whose host or kind has no room does not
   * block others. Throws a NoSlot when the task did not begin.
   */
  async run<T>({ kind, host, patienceMs }: Wanted, task: (seat: Seat) => Promise<T>): Promise<T> {
    const place = { kind, host };
    await this.#enter(place, patienceMs);
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
      void this.#leave(place, connections);
    }
  }

  async #enter(place: Place, patienceMs: number): Promise<void> {
    if (this.#hasRoom(place)) {
      this.#take(place);
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting = { ...place, start: resolve };
    this.#queue.push(waiting);
    const hungBefore = this.#hung;
    const timer = setTimeout(() => {
      this.#queue = this.#queue.filter((other) => other !== waiting);
      reject(new NoSlot(noneFree(patienceMs, this.#hung > hungBefore)));
    }, patienceMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async #leave({ kind, host }: Place, connections: Promise<unknown>[]): Promise<void> {
    if (connections.length > 0) await within(this.#limits.heldMs, Promise.all(connections));
    this.#total -= 1;
    if (kind === "tcp") this.#tcp -= 1;
    const left = (this.#perHost.get(host) ?? 1) - 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
    this.#admit();
  }

  #admit(): void {
    if (this.#queue.length === 0) return;
    this.#queue = this.#queue.filter((waiting) => {
      if (!this.#hasRoom(waiting)) return true;
      this.#take(waiting);
      waiting.start();
      return false;
    });
  }

  #hasRoom(place: Place): boolean {
    return hasRoom(place, this.#taken, this.#isHung, this.#limits);
  }

  #take({ kind, host }: Place): void {
    this.#total += 1;
    if (kind === "tcp") this.#tcp += 1;
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
  }

  #remember(host: string, isHung: boolean): void {
    if (isHung) {
      this.#hung += 1;
      this.#hosts.add(host);
    } else {
      this.#hosts.delete(host);
    }
  }

  get #taken() {
    return { total: this.#total, tcp: this.#tcp, perHost: this.#perHost };
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
