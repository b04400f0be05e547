/**
 * Looks at the clock of a local hub each second. When time is missing, the machine slept or the hub was stopped like
 * any process. A deployed hub is evicted instead, and its alarms and its cron show what it missed.
 */

import { type HubGap, pauseBetween } from "../../core/downtime/downtime.ts";
import type { Clock } from "../../core/time/clock.ts";
import { CLOCK_LOOK_MS } from "../../core/time/durations.ts";

export class ClockWatch {
  readonly #clock: Clock;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = clock.now();
  }

  /** Begins to look; `paused` hears of each pause when it is over. */
  start(paused: (gap: HubGap) => void): void {
    this.#clock.every(CLOCK_LOOK_MS, () => {
      const now = this.#clock.now();
      const pause = pauseBetween(this.#last, now);
      this.#last = now;
      if (pause !== null) paused(pause);
    });
  }
}
