/**
 * Looks at the clock of a local hub each second. When time is missing, the machine slept or the hub was stopped like
 * any process. A deployed hub is evicted instead, and its alarms and its cron show what it missed.
 */

import { type Downtime, pauseBetween } from "../../core/downtime/downtime.ts";
import type { Clock } from "../../core/time/clock.ts";
import { CLOCK_LOOK_MS, SHORTEST_GAP_MS } from "../../core/time/durations.ts";
import { log } from "../../platform/log.ts";

export class PauseDetector {
  readonly #clock: Clock;
  #last: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#last = clock.now();
  }

  /** Begins to look; `paused` hears of each pause when it is over. */
  start(paused: (gap: Downtime) => void): void {
    this.#clock.every(CLOCK_LOOK_MS, () => {
      const now = this.#clock.now();
      const pause = pauseBetween(this.#last, now);
      this.#last = now;
      if (pause !== null) paused(pause);
    });
  }
}

let told = 0;

/** Logs a pause once: an object whose storage failed begins anew and finds the same pause again and again. Unix ms. */
export function logPause(from: number, to: number): void {
  if (Math.abs(from - told) < SHORTEST_GAP_MS) return;
  told = from;
  log("warn", "board.paused", { seconds: Math.round((to - from) / 1_000) });
}
