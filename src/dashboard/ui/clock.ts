/** One clock for all pages, so that all times on a page change together. */
import { createContext, use, useSyncExternalStore } from "react";

const TICK_MS = 1_000;

export class Clock {
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #now = Date.now();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };

  /** Returns Unix ms, rounded down to a multiple of `step` ms. */
  read(step: number): number {
    if (this.#timer === undefined) this.#now = Date.now();
    return Math.floor(this.#now / step) * step;
  }

  #tick(): void {
    this.#now = Date.now();
    for (const listener of this.#listeners) listener();
  }
}

export const ClockContext = createContext<Clock | null>(null);

/** Returns Unix ms. Renders again every `step` ms; `step` must be a multiple of a second. */
export function useNow(step = TICK_MS): number {
  const clock = use(ClockContext);
  if (clock === null) throw new Error("outside of ClockContext");
  return useSyncExternalStore(clock.subscribe, () => clock.read(step));
}
