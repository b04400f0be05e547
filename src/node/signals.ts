/** The signals that ask a program to stop, such as Ctrl-C. */
import type { EventEmitter } from "node:events";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Under npm, one Ctrl-C arrives twice: from the terminal and from npm. Signals within this time count as one. */
const SAME_REQUEST_MS = 1_000;

/**
 * Resolves at the first signal. Calls `force` at each signal that is later than SAME_REQUEST_MS after the first one.
 */
export function stopSignal(source: Pick<EventEmitter, "on">, now: () => number, force: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let first: number | undefined;
  const receive = () => {
    first ??= now();
    if (now() - first > SAME_REQUEST_MS) force();
    resolve();
  };
  for (const signal of SIGNALS) source.on(signal, receive);
  return promise;
}
