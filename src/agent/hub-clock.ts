/**
 * The hub's clock, as far as its answers tell. All times of an agent follow it, so that a machine whose clock is wrong
 * reports the right ones. Between the answers it goes as evenly as the clock that it is given.
 */

import type { Lateness, Standstills } from "../probes/lateness.ts";

/** A difference that the way of the answer explains. */
const TOLERANCE_MS = 500;

export class HubClock {
  readonly #local: () => number;
  #offset = 0;
  #isSet = false;

  /** `local`: this machine's clock, Unix ms. */
  constructor(local: () => number) {
    this.#local = local;
  }

  /** Unix ms. */
  now(): number {
    return this.#local() + this.#offset;
  }

  /**
   * Returns the hub's time for one look: what is learnt of it meanwhile makes the look no longer or shorter. `lateness`
   * goes by this machine's clock, because a jump of the hub's time is no standstill.
   */
  forOneLook(lateness: Lateness): { now(): number; lateness: Standstills } {
    const offset = this.#offset;
    return { now: () => this.#local() + offset, lateness: lateness.aheadBy(offset) };
  }

  /**
   * `sent`, `received`: by this machine's clock. `hubNow`: what the answer said. Unix ms. Returns by how much the time
   * has jumped because of it.
   */
  heard(hubNow: number, sent: number, received: number): number {
    const offset = hubNow - (sent + received) / 2;
    const uncertain = (received - sent) / 2 + TOLERANCE_MS;
    if (this.#isSet && Math.abs(offset - this.#offset) <= uncertain) return 0;
    const jump = Math.round(offset) - this.#offset;
    this.#offset = Math.round(offset);
    this.#isSet = true;
    return jump;
  }
}
