/**
 * Notices when the program that checks stands still itself: a timer that comes late. Everything that was under way then
 * took longer than it would have.
 */

import type { Stood } from "../core/status/late-measurement.ts";
import type { Clock } from "../core/time/clock.ts";
import { LATE_LOOK_MS, STOOD_STILL_MS } from "../core/time/durations.ts";

/** Of the newest; a look takes a minute at most. */
const MAX_STOPS = 200;

/** The machine stands still, so this is measured by its time, however fast the clock goes. */
type TimeOfMachine = Pick<Clock, "now" | "wait" | "platformTime" | "fromPlatform">;

export type Standstills = Pick<Lateness, "during" | "within">;

/** Returns how much of a look was a standstill. Absent: nobody looked for one. */
export function stoodStill(
  standstills: Standstills | undefined,
  { from, to, timedOut }: { from: number; to: number; timedOut: boolean },
): Stood {
  return { late_ms: Math.round(standstills?.within(from, to) ?? 0), took_ms: to - from, timedOut };
}

export class Lateness {
  readonly #clock: TimeOfMachine;
  /** Times when nothing ran, Unix ms. */
  #stops: { from: number; to: number }[] = [];
  #running = 0;
  /** Since when the timer that is running runs; null: none is. */
  #since: number | null = null;
  #ended = new AbortController();

  constructor(clock: TimeOfMachine) {
    this.#clock = clock;
  }

  /** Looks at the time while the work runs. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running++ === 0) {
      this.#ended = new AbortController();
      void this.#look(this.#ended.signal);
    }
    try {
      return await work();
    } finally {
      if (--this.#running === 0) this.#ended.abort();
    }
  }

  /** The same for whoever looks by a clock that is ahead by so many milliseconds. */
  aheadBy(ms: number): Standstills {
    return { during: (work) => this.during(work), within: (from, to) => this.within(from - ms, to - ms) };
  }

  /** Returns the milliseconds between these times (Unix ms) during which nothing ran. */
  within(from: number, to: number): number {
    const stops = [...this.#stops, ...this.#present()];
    return stops.reduce((sum, stop) => sum + Math.max(0, Math.min(to, stop.to) - Math.max(from, stop.from)), 0);
  }

  /** A task that waited through a standstill may go on before the timer does. */
  #present(): { from: number; to: number }[] {
    return this.#since === null ? [] : this.#stopBetween(this.#since, this.#clock.now());
  }

  async #look(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      const { now, wait, platformTime, fromPlatform } = this.#clock;
      this.#since = now();
      const until = fromPlatform(platformTime(this.#since) + LATE_LOOK_MS);
      await wait(until - this.#since, ended).catch(() => {});
      if (ended.aborted) break;
      this.#stops = [...this.#stops, ...this.#present()].slice(-MAX_STOPS);
    }
    if (this.#running === 0) this.#since = null;
  }

  #stopBetween(from: number, to: number): { from: number; to: number }[] {
    const { platformTime } = this.#clock;
    return platformTime(to) - platformTime(from) - LATE_LOOK_MS >= STOOD_STILL_MS ? [{ from, to }] : [];
  }
}
