import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Days, KnownDays } from "../../src/dashboard/live/days.ts";
import { daysLoader } from "../../src/dashboard/live/days-loader.ts";

const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers({ now: 1_000 * MINUTE_MS }));
afterEach(() => void vi.useRealTimers());

/** A loader, what it has asked for, and an answer that may be replaced by another. */
function aLoader() {
  const asked: (readonly number[])[] = [];
  const days: Days = { first: 0, uptime: [1, null] };
  const known = new KnownDays();
  const hub = { answer: async (ids: readonly number[]) => new Map(ids.map((id) => [id, days])) };
  const loader = daysLoader(known, (ids) => {
    asked.push(ids);
    return hub.answer(ids);
  });
  return { loader, asked, known, hub };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("the days of the rows on the screen", () => {
  test("are asked for when the user has stopped scrolling, and not those of rows that were passed", async () => {
    const { loader, asked, known } = aLoader();
    for (let row = 1; row < 10; row++) {
      loader.show([row, row + 1]);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    expect(asked).toEqual([[9, 10]]);
    expect([...known.read().keys()]).toEqual([9, 10]);
  });

  test("are asked for 50 at once, one request after the other", async () => {
    const { loader, asked } = aLoader();
    loader.show(range(70));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked.map(({ length }) => length)).toEqual([50, 20]);
  });

  test("are good for five minutes, and loaded again while they are seen", async () => {
    const { loader, asked } = aLoader();
    loader.show([1]);
    await vi.advanceTimersByTimeAsync(4 * MINUTE_MS);
    loader.show([1, 2]);
    await vi.advanceTimersByTimeAsync(MINUTE_MS / 2);
    expect(asked).toEqual([[1], [2]]);
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(asked).toEqual([[1], [2], [1]]);
    loader.stop();
    await vi.advanceTimersByTimeAsync(60 * MINUTE_MS);
    expect(asked).toHaveLength(3);
  });

  test("that could not be loaded are asked for again half a minute later", async () => {
    const { loader, asked, known, hub } = aLoader();
    const { answer } = hub;
    hub.answer = () => Promise.reject(new Error("away"));
    loader.show([1]);
    await vi.advanceTimersByTimeAsync(20_000);
    expect([asked, known.read().size]).toEqual([[[1]], 0]);
    hub.answer = answer;
    await vi.advanceTimersByTimeAsync(20_000);
    expect([asked, known.read().size]).toEqual([[[1], [1]], 1]);
  });
});

describe("the days that are known", () => {
  const some = (ids: readonly number[]) => new Map(ids.map((id): [number, Days] => [id, { first: 0, uptime: [id] }]));

  test("are those of the 1,000 services that were loaded last", () => {
    const known = new KnownDays();
    known.add(some(range(1_000)), 1);
    known.add(some([1]), 2);
    known.add(some([1_001]), 3);
    expect(known.read().size).toBe(1_000);
    expect([1, 2, 1_001].map((id) => known.read().has(id))).toEqual([true, false, true]);
  });

  test("are another map only after a change, which is told", () => {
    const known = new KnownDays();
    const told = vi.fn();
    const forget = known.subscribe(told);
    const before = known.read();
    known.add(new Map(), 1);
    expect(known.read()).toBe(before);
    known.add(some([1]), 1);
    expect(known.read()).not.toBe(before);
    forget();
    known.add(some([2]), 1);
    expect(told).toHaveBeenCalledTimes(1);
  });
});
