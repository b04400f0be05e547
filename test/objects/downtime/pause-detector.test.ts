/** A local hub that stood still: the machine slept, or somebody stopped its processes for a while. */
import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { LiveBoard } from "../../../src/objects/board/live-board.ts";
import { Downtimes } from "../../../src/objects/downtime/downtimes.ts";
import { Listening } from "../../../src/objects/downtime/listening.ts";
import { PauseDetector } from "../../../src/objects/downtime/pause-detector.ts";
import { systemClock } from "../../../src/platform/system-clock.ts";
import { boardSteps } from "../../../src/worker/board-steps.ts";
import { hubOf } from "../../../src/worker/hub.ts";

const T0 = Date.UTC(2027, 0, 1);

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"], now: T0 }));
afterEach(() => vi.useRealTimers());

/** Nothing runs for this long, in milliseconds. */
function standStill(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

it("time that is missing between two looks is a pause; late looks and a clock that is set back are none", () => {
  const pauses: [number, number][] = [];
  new PauseDetector(systemClock).start(({ from, to }) => pauses.push([from - T0, to - T0]));
  vi.advanceTimersByTime(3_000);
  standStill(4_000);
  vi.advanceTimersByTime(1_000);
  expect(pauses).toEqual([]);
  standStill(30_000);
  vi.advanceTimersByTime(2_000);
  expect(pauses).toEqual([[8_000, 39_000]]);
  standStill(-20_000);
  vi.advanceTimersByTime(60_000);
  expect(pauses).toHaveLength(1);
});

it.each([
  ["a local hub", { HUB_STARTED_AT: String(T0) }, [{ from: T0 + 2_000, to: T0 + 23_000, only_probes: false }]],
  ["a deployed hub, which is evicted when nobody needs it", {}, []],
])("the board keeps the pause of %s as a gap, and heard nobody in it", (_, settings, gaps) =>
  runInDurableObject(env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId()), async (_board, ctx) => {
    const board = new LiveBoard(ctx, { ...env, ...settings }, systemClock, boardSteps(hubOf(env, systemClock)));
    await board.entries(); // it is loaded
    vi.advanceTimersByTime(2_000);
    standStill(20_000);
    vi.advanceTimersByTime(2_000);
    expect(await board.gaps()).toEqual(gaps);
    expect(new Downtimes(ctx.storage).gaps(Date.now())).toEqual(gaps); // after an eviction
    expect(new Listening(ctx.storage, systemClock).since).toBe(gaps.at(-1)?.to ?? 0);
  }),
);

it("a pause and the late tick that follows it are one gap", () =>
  runInDurableObject(env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId()), (_board, { storage }) => {
    const downtimes = new Downtimes(storage);
    downtimes.ticked(T0, T0, []);
    downtimes.keep({ from: T0 + 30_000, to: T0 + 100_000, only_probes: false });
    downtimes.ticked(T0 + 100_200, T0, [T0 + 28_000]);
    const one = [{ from: T0 + 28_000, to: T0 + 100_200, only_probes: false }];
    expect([downtimes, new Downtimes(storage)].map((each) => each.gaps(T0 + 100_200))).toEqual([one, one]);
  }));

it("an object that failed while its hub ran missed the time until it is there again, whatever is checked before the next tick", () =>
  runInDurableObject(env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId()), (_board, { storage }) => {
    const downtimes = new Downtimes(storage);
    downtimes.ticked(T0, T0 - 1_000, []);
    downtimes.back(T0 + 120_000, T0 - 1_000, [T0 + 42_000]);
    downtimes.ticked(T0 + 150_000, T0 - 1_000, [T0 + 145_000]);
    expect(downtimes.gaps(T0 + 150_000)).toEqual([{ from: T0 + 42_000, to: T0 + 120_000, only_probes: false }]);
  }));

it.each([
  ["of a hub that has just begun waits for its first tick", T0 + 100_000],
  ["of a deployed hub waits for its cron", undefined],
])("an object %s", (_, startedAt) =>
  runInDurableObject(env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId()), (_board, { storage }) => {
    const downtimes = new Downtimes(storage);
    downtimes.ticked(T0, startedAt === undefined ? undefined : T0, []);
    downtimes.back(T0 + 120_000, startedAt, []);
    expect(downtimes.gaps(T0 + 120_000)).toEqual([]);
  }),
);
