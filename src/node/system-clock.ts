/** The clock of this machine, for programs in Node. */
import { setTimeout as wait } from "node:timers/promises";

/** Has all that a `Clock` of core/ has. */
export const systemClock = {
  now: () => Date.now(),
  wait: (ms: number, signal?: AbortSignal): Promise<void> =>
    wait(ms, undefined, signal === undefined ? {} : { signal }),
  every(ms: number, run: () => void): () => void {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  platformTime: (at: number) => at,
  fromPlatform: (at: number) => at,
};
