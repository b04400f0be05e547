/** The clock of the machine or of the platform, for Workers, objects and agents alike. */
import type { Clock } from "../core/clock.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  wait,
  every(ms, run) {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  platformTime: (at) => at,
  fromPlatform: (at) => at,
};

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal?.aborted === true) {
    reject(signal.reason);
    return promise;
  }
  const aborted = () => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  const timer = setTimeout(() => {
    signal?.removeEventListener("abort", aborted);
    resolve();
  }, ms);
  signal?.addEventListener("abort", aborted, { once: true });
  return promise;
}
