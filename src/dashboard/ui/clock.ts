/** The time as pages show it: one clock for all of them. */
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

  /** Unix ms, to `step` ms. */
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

/** Unix ms; renders again every `step` ms, a multiple of a second. */
export function useNow(step = TICK_MS): number {
  const clock = use(ClockContext);
  if (clock === null) throw new Error("outside of ClockContext");
  return useSyncExternalStore(clock.subscribe, () => clock.read(step));
}
