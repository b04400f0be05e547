/** The clock of this machine, for programs in Node. */

const STARTED_AT = Date.now() - performance.now();

/** Has all that a `Clock` of core/ has. */
export const systemClock = {
  now: () => Date.now(),
  wait,
  every(ms: number, run: () => void): () => void {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  platformTime: (at: number) => at,
  fromPlatform: (at: number) => at,
};

/**
 * Goes on evenly when somebody sets the clock of the machine, or a time server does. It stands still while the machine
 * sleeps.
 */
export const steadyClock = { ...systemClock, now: () => STARTED_AT + performance.now() };

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
