/**
 * Who may have a connection open now. Workers let six connections of an invocation wait for their first byte and
 * queue the seventh silently, which would eat its timeout: so a probe's clock starts when it has its slot here.
 */
export interface SlotLimits {
  total: number;
  /** Raw sockets: a hung connect holds its place for ~20 s after it was closed. */
  tcp: number;
  /** Connections to one host and port. */
  perHost: number;
}

export const WORKER_SLOTS: SlotLimits = { total: 6, tcp: 3, perHost: 3 };
/** The local runtime has no limit of six; these keep one machine's sockets and targets in bounds. */
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

  /** Runs the task when there is room, in order of arrival but for those whose host or kind has none. */
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
