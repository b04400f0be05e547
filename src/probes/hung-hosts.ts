/** Remembers the hosts whose probes timed out lately, in the time of the machine: how the network behaves follows no other. */

/** At least one check in this time goes to a service that is down. */
const REMEMBERED_MS = 10 * 60_000;
const MAX_HOSTS = 1_000;

export class HungHosts {
  /** When each hung, Unix ms; the latest last. */
  readonly #since = new Map<string, number>();

  add(host: string): void {
    this.#since.delete(host);
    this.#since.set(host, Date.now());
    const [oldest] = this.#since.keys();
    if (this.#since.size > MAX_HOSTS && oldest !== undefined) this.#since.delete(oldest);
  }

  /** The host has answered, or refused. */
  delete(host: string): void {
    this.#since.delete(host);
  }

  has(host: string): boolean {
    const since = this.#since.get(host);
    return since !== undefined && Date.now() - since < REMEMBERED_MS;
  }
}
