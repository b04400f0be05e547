import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MINUTE_MS, startTicker, type Ticker } from "../../../src/cli/start/ticker.ts";
import { systemClock } from "../../../src/node/system-clock.ts";

const START = Date.UTC(2026, 0, 1, 12, 0, 42, 500);
const NEXT_MINUTE = Date.UTC(2026, 0, 1, 12, 1);
let ticker: Ticker;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  ticker.stop();
  vi.useRealTimers();
});

function start(work: () => Promise<void> = async () => {}) {
  const ticks: { at: number; started: number }[] = [];
  const failed = vi.fn<(error: unknown) => void>();
  ticker = startTicker({
    clock: systemClock,
    tick(at) {
      ticks.push({ at, started: Date.now() });
      return work();
    },
    failed,
  });
  return { ticks, failed };
}

describe("the local cron", () => {
  test("ticks at once, then at each full minute", async () => {
    const { ticks, failed } = start();
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(ticks).toEqual([
      { at: START, started: START },
      { at: NEXT_MINUTE, started: NEXT_MINUTE },
      { at: NEXT_MINUTE + MINUTE_MS, started: NEXT_MINUTE + MINUTE_MS },
    ]);
    expect(failed).not.toHaveBeenCalled();
  });

  test("a timer that fires early waits for the minute", async () => {
    const { ticks } = start();
    vi.setSystemTime(START - 5);
    await vi.advanceTimersByTimeAsync(NEXT_MINUTE - START);
    expect(ticks).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5);
    expect(ticks.at(-1)).toEqual({ at: NEXT_MINUTE, started: NEXT_MINUTE });
  });

  test("after a sleep of the machine it goes on with the current minute", async () => {
    const { ticks } = start();
    vi.setSystemTime(START + 10 * MINUTE_MS);
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(ticks.map(({ at }) => at)).toEqual([START, NEXT_MINUTE + 10 * MINUTE_MS]);
  });

  test("a tick that hangs is given up when the next minute begins", async () => {
    const { ticks, failed } = start(() => new Promise(() => {}));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(ticks).toHaveLength(2);
    expect(failed).toHaveBeenCalledExactlyOnceWith(new Error("the scheduled handler took longer than its minute"));
  });

  test("a tick that fails is reported and the next one comes", async () => {
    const { ticks, failed } = start(() => Promise.reject(new Error("no database")));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(failed).toHaveBeenNthCalledWith(1, new Error("no database"));
    expect(ticks).toHaveLength(2);
  });

  test("a stopped one ticks no more, and what it gave up is no failure", async () => {
    const { ticks, failed } = start(() => new Promise(() => {}));
    ticker.stop();
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(ticks).toHaveLength(1);
    expect(failed).not.toHaveBeenCalled();
  });
});
