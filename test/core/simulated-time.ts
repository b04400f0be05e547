/** Time that goes as fast as the computer can, and programs in it that stand still, end, and have clocks of their own. */
import type { Clock } from "../../src/core/time/clock.ts";

export interface Stop {
  from: number;
  until: number;
}

interface Due {
  at: number;
  order: number;
  run(): void;
}

/** True time, in ms from the start of a run; what comes before it is negative. */
export class SimulatedTime {
  #now: number;
  #order = 0;
  /** A heap: the earliest is the first. */
  readonly #due: Due[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  get now(): number {
    return this.#now;
  }

  at(time: number, run: () => void): void {
    this.#due.push({ at: Math.max(time, this.#now), order: this.#order++, run });
    this.#up(this.#due.length - 1);
  }

  /** Runs what is due until then, each with all that follows from it at once. */
  async runTo(end: number): Promise<void> {
    for (let next = this.#due[0]; next !== undefined && next.at <= end; next = this.#due[0]) {
      this.#dropFirst();
      this.#now = next.at;
      next.run();
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#now = end;
  }

  #dropFirst(): void {
    const last = this.#due.pop();
    if (last === undefined || this.#due.length === 0) return;
    this.#due[0] = last;
    this.#down(0);
  }

  #up(index: number): void {
    for (let child = index; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#swapped(parent, child)) return;
      child = parent;
    }
  }

  #down(index: number): void {
    for (let parent = index; ; ) {
      const left = 2 * parent + 1;
      const child = isBefore(this.#due[left + 1], this.#due[left]) ? left + 1 : left;
      if (!this.#swapped(parent, child)) return;
      parent = child;
    }
  }

  #swapped(parent: number, child: number): boolean {
    const [upper, lower] = [this.#due[parent], this.#due[child]];
    if (upper === undefined || lower === undefined || !isBefore(lower, upper)) return false;
    [this.#due[parent], this.#due[child]] = [lower, upper];
    return true;
  }
}

function isBefore(one: Due | undefined, other: Due | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.at === other.at ? one.order < other.order : one.at < other.at;
}

/** A program: during its stops nothing of it runs, and what was due comes when they are over. */
export class Program {
  readonly #time: SimulatedTime;
  readonly #stops: readonly Stop[];
  #ahead: number;
  #isEnded = false;
  readonly clock: Pick<Clock, "now" | "wait">;

  /** `ahead`: of its clock before the true time, ms. */
  constructor(time: SimulatedTime, stops: readonly Stop[], ahead: number) {
    this.#time = time;
    this.#stops = stops;
    this.#ahead = ahead;
    this.clock = { now: () => time.now + this.#ahead, wait: (ms, signal) => this.#wait(ms, signal) };
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Milliseconds from the true time to its clock's. */
  get ahead(): number {
    return this.#ahead;
  }

  stepClock(ms: number): void {
    this.#ahead += ms;
  }

  /** As `kill -9` does: from now on nothing of it runs. */
  end(): void {
    this.#isEnded = true;
  }

  /** Runs after `ms`, unless the program is ended by then. */
  after(ms: number, run: () => void): void {
    this.#at(this.#time.now + ms, run);
  }

  every(ms: number, run: () => void): void {
    const again = () => {
      this.after(ms, again);
      run();
    };
    this.after(ms, again);
  }

  #at(time: number, run: () => void): void {
    this.#time.at(time, () => {
      if (this.#isEnded) return;
      const stop = this.#stops.find(({ from, until }) => from <= this.#time.now && this.#time.now < until);
      if (stop === undefined) run();
      else this.#at(stop.until, run);
    });
  }

  #wait(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const aborted = () => reject(signal?.reason);
    if (signal?.aborted === true) aborted();
    signal?.addEventListener("abort", aborted, { once: true });
    this.after(Math.max(0, ms), () => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    });
    return promise;
  }
}
