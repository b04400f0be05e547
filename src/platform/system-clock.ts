/** The clock of the platform, for the Worker and its objects. */
import type { Clock } from "../core/time/clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  wait: (ms, signal) => scheduler.wait(ms, signal === undefined ? {} : { signal }),
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  platformTime: (at) => at,
  fromPlatform: (at) => at,
};
