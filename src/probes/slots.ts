/**
 * Limits the connections that are open at the same time. A Worker invocation may have six connections that wait for
 * their first byte. The runtime queues further ones silently, and the probe's timeout would pass meanwhile. Therefore a
 * probe waits for a slot here, and its time starts when it has the slot.
 */
export interface SlotLimits {
  total: number;
  /** Raw sockets. A connection attempt that hangs uses its place for about 20 s after it was closed. */
  tcp: number;
  /** Connections to one host and port. */
  perHost: number;
}

export const WORKER_SLOTS: SlotLimits = { total: 6, tcp: 3, perHost: 3 };
/** The local runtime has no such limit. These numbers limit the sockets of one machine and the load on targets. */
export const LOCAL_SLOTS: SlotLimits = { total: 48, tcp: 24, perHost: 8 };

interface Waiting {
  tcp: boolean;
  host: string;
  start(): void;
}

export class Slots {
  readonly #limits: SlotLimits;
  readonly #perHost = new Map<string, number>();
  #queue: Waiting[] = [];
  #total = 0;
  #tcp = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  /**
   * Runs the task when it has a slot. Tasks start in order of arrival; a task whose host or kind has no room does not
   * block others.
   */
  async run<T>(kind: "http" | "tcp", host: string, task: () => Promise<T>): Promise<T> {
    const tcp = kind === "tcp";
    await this.#enter(tcp, host);
    try {
      return await task();
    } finally {
      this.#leave(tcp, host);
    }
  }

  #enter(tcp: boolean, host: string): Promise<void> | undefined {
    if (this.#hasRoom(tcp, host)) {
      this.#take(tcp, host);
      return;
    }
    return new Promise((start) => this.#queue.push({ tcp, host, start }));
  }

  #leave(tcp: boolean, host: string): void {
    this.#total -= 1;
    if (tcp) this.#tcp -= 1;
    const left = (this.#perHost.get(host) ?? 1) - 1;
    if (left === 0) this.#perHost.delete(host);
    else this.#perHost.set(host, left);
    this.#admit();
  }

  #admit(): void {
    this.#queue = this.#queue.filter((waiting) => {
      if (!this.#hasRoom(waiting.tcp, waiting.host)) return true;
      this.#take(waiting.tcp, waiting.host);
      waiting.start();
      return false;
    });
  }

  #hasRoom(tcp: boolean, host: string): boolean {
    if (this.#total >= this.#limits.total) return false;
    if (tcp && this.#tcp >= this.#limits.tcp) return false;
    return (this.#perHost.get(host) ?? 0) < this.#limits.perHost;
  }

  #take(tcp: boolean, host: string): void {
    this.#total += 1;
    if (tcp) this.#tcp += 1;
    this.#perHost.set(host, (this.#perHost.get(host) ?? 0) + 1);
  }
}
