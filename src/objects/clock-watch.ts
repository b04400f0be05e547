/**
 * Looks at the clock of a local hub each second. When time is missing, the machine slept or the hub was stopped like
 * any process. A deployed hub is evicted instead, and its alarms and its cron show what it missed.
 */
import { type HubGap, LOOK_MS, pauseBetween } from "../core/watch-gaps.ts";

export class ClockWatch {
  #last = Date.now();

  /** Begins to look; `paused` hears of each pause when it is over. */
  start(paused: (gap: HubGap) => void): void {
    setInterval(() => {
      const now = Date.now();
      const pause = pauseBetween(this.#last, now);
      this.#last = now;
      if (pause !== null) paused(pause);
    }, LOOK_MS);
  }

  /** For work during which the object gets no events, so that it can't look: that is no pause. */
  async except<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      this.#last = Date.now();
    }
  }
}
