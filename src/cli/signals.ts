/** Ctrl-C and its relatives. */
import type { EventEmitter } from "node:events";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A terminal's Ctrl-C arrives twice under npm: from the terminal and handed on by npm. */
const SAME_WISH_MS = 1_000;

/** Resolves at the first signal; `force` is called at a later second one. */
export function stopSignal(source: Pick<EventEmitter, "on">, now: () => number, force: () => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let first: number | undefined;
  const heard = () => {
    first ??= now();
    if (now() - first > SAME_WISH_MS) force();
    resolve();
  };
  for (const signal of SIGNALS) source.on(signal, heard);
  return promise;
}
