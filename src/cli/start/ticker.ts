/** The local cron. It ticks once at the start and then at each full minute. */
import type { Clock } from "../../core/time/clock.ts";

export const MINUTE_MS = 60_000;

interface TickerDeps {
  clock: Clock;
  /** Runs the scheduled handler for the time `at` (Unix ms). Nobody waits for it any longer when the next tick is due. */
  tick(at: number): Promise<void>;
  failed(error: unknown): void;
}

export interface Ticker {
  stop(): void;
}

/** A tick that has not ended when the next minute begins is given up. */
export function startTicker(deps: TickerDeps): Ticker {
  const waiting = new AbortController();
  let running = new AbortController();
  let stopped = false;
  const tickAt = (at: number) => {
    running.abort(new Error("the scheduled handler took longer than its minute"));
    running = new AbortController();
    abortable(deps.tick(at), running.signal).catch((error) => {
      if (!stopped) deps.failed(error);
    });
    waitFor(nextMinute(at));
  };
  /** A timer may fire a little early. It fires very late when the machine slept; the minutes in between are skipped. */
  const waitFor = (minute: number) => {
    const wake = () => {
      const now = deps.clock.now();
      if (now < minute) waitFor(minute);
      else tickAt(now - (now % MINUTE_MS));
    };
    const ms = Math.max(1, minute - deps.clock.now());
    void deps.clock.wait(ms, waiting.signal).then(wake, () => {});
  };
  tickAt(deps.clock.now());
  return {
    stop() {
      stopped = true;
      waiting.abort();
      running.abort();
    },
  };
}

function nextMinute(at: number): number {
  return (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS;
}

function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
