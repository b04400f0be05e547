import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  catchUpWindow,
  dueTimes,
  firstRounds,
  lanePhase,
  planRounds,
  splitBySize,
  tickWindow,
} from "../../../src/core/lane/schedule.ts";
import type { Check } from "../../../src/core/service/check.ts";
import { breakerOf, breakerStride, isStale, longestGap } from "../../../src/core/status/breaker.ts";
import { downVantage, retryDelay, retryVantage } from "../../../src/core/status/retry-policy.ts";
import { aCheck, aRound, T0 } from "../fixtures.ts";

const lane = (interval: number, number: number) => interval * 100_000 + number;
const scheduled = (over: Partial<Check> = {}): Check =>
  aCheck({ recorded_status: "up", recorded_since: T0 - 9e6, ...over });

describe("due times", () => {
  it("of consecutive ticks are each planned exactly once, whatever the interval", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 3_600 }), fc.integer({ min: 0, max: 500 }), (interval, number) => {
        const minutes = Array.from({ length: 10 }, (_, minute) => tickWindow(T0 + minute * 60_000));
        const planned = minutes.flatMap((window) => dueTimes(lane(interval, number), window));
        const whole = dueTimes(lane(interval, number), { from: minutes[0]?.from ?? 0, to: minutes[9]?.to ?? 0 });
        expect(planned).toEqual(whole);
        for (const [index, due] of whole.entries()) {
          expect(due.due_at % 50).toBe(0);
          if (index > 0) expect(due.due_at - (whole[index - 1]?.due_at ?? 0)).toBe(interval * 1_000);
        }
      }),
    );
  });

  it("spread over the interval: of 300 lanes of 30 s no second has more than 12, and no instant more than two", () => {
    const phases = Array.from({ length: 300 }, (_, number) => lanePhase(lane(30, number)));
    const most = (of: (phase: number) => number) =>
      Math.max(...[...Map.groupBy(phases, of).values()].map((same) => same.length));
    expect(most((phase) => Math.floor(phase / 1_000))).toBeLessThanOrEqual(12);
    expect(most((phase) => phase)).toBeLessThanOrEqual(2);
    expect(Math.min(...phases)).toBe(0);
    expect(Math.max(...phases)).toBeGreaterThan(29_000);
  });

  it("that a newcomer has missed reach to the end of what is planned already", () => {
    const minute = Math.floor(T0 / 60_000) * 60_000;
    expect(tickWindow(minute)).toEqual({ from: minute + 15_000, to: minute + 75_000 });
    expect(tickWindow(minute + 2_000)).toEqual({ from: minute + 2_000, to: minute + 75_000 }); // a start
    expect(tickWindow(minute + 40_000)).toEqual(tickWindow(minute));
    expect(catchUpWindow(T0 + 20_000)).toEqual({ from: T0 + 20_001, to: tickWindow(T0).to });
  });
});

describe("planned rounds", () => {
  it("hold all checks of a lane", () => {
    const members = [1, 2, 3].map((service_id) => scheduled({ service_id }));
    const rounds = planRounds(members, { from: T0, to: T0 + 60_000 }, []);
    expect(rounds.map((message) => message.round.due_at)).toEqual([T0, T0 + 30_000]);
    expect(rounds[0]?.checks.map((check) => check.service_id)).toEqual([1, 2, 3]);
    expect(rounds[0]).toMatchObject({ vantage: "home", not_before: T0, round: { attempt: 0 } });
  });

  it("ask down services last, from the vantages in turn", () => {
    const down = scheduled({ service_id: 1, recorded_status: "down", recorded_since: T0 - 1_000 });
    const up = scheduled({ service_id: 2 });
    const alone = planRounds([down, up], { from: T0, to: T0 + 30_000 }, []);
    expect(alone[0]?.checks.map((check) => check.service_id)).toEqual([2, 1]);
    const vantages = planRounds([down], { from: T0, to: T0 + 120_000 }, ["weur"]).map((message) => message.vantage);
    expect(vantages.toSorted()).toEqual(["home", "home", "weur", "weur"]);
  });

  it("leave out three of four due times while the breaker is open", () => {
    const down = scheduled({ recorded_status: "down", recorded_since: T0 - 3_600_000 });
    expect(planRounds([down], { from: T0, to: T0 + 240_000 }, [])).toHaveLength(2);
    const vantages = ["weur", "enam", "apac"];
    const asked = planRounds([down], { from: T0, to: T0 + 480_000 }, vantages).map((message) => message.vantage);
    expect(asked.toSorted()).toEqual(["apac", "enam", "home", "weur"]);
  });

  it("are split when the checks don't fit in one message", () => {
    const big = aCheck({ health_options: { body: "界".repeat(2_000) } });
    const parts = splitBySize({ round: aRound(), vantage: "home", not_before: T0, checks: Array(40).fill(big) });
    expect(parts.length).toBeGreaterThan(1);
    expect(parts.flatMap((part) => part.checks)).toHaveLength(40);
    for (const part of parts) expect(new TextEncoder().encode(JSON.stringify(part)).length).toBeLessThan(128_000);
    expect(splitBySize({ round: aRound(), vantage: "home", not_before: T0, checks: [] })).toEqual([]);
  });

  it("begin at once for newcomers", () => {
    const rounds = firstRounds([scheduled(), scheduled({ lane: lane(5, 1) })], T0);
    expect(rounds.map(({ round }) => round)).toEqual([
      { lane: lane(30, 0), due_at: T0, attempt: 0 },
      { lane: lane(5, 1), due_at: T0, attempt: 0 },
    ]);
  });
});

describe("retries", () => {
  it.each([
    [1, 30, 0, 800],
    [1, 30, 0.5, 1_000],
    [2, 30, 0.5, 2_000],
    [4, 30, 0.5, 8_000],
    [9, 30, 0.5, 30_000],
    [3, 30, 1, 4_800],
  ])("attempt %d at an interval of %d s and chance %d waits %d ms", (attempt, interval, random, delay) => {
    expect(retryDelay(attempt, interval, random)).toBe(delay);
  });

  it("take the vantages in turn, home last; checks of a down service home first", () => {
    expect([1, 2, 3, 4].map((attempt) => retryVantage(attempt, ["weur", "enam"], []))).toEqual([
      "weur",
      "enam",
      "home",
      "weur",
    ]);
    expect(retryVantage(5, [], [])).toBe("home");
    const blind = ["weur"];
    expect([1, 2, 3, 4].map((attempt) => retryVantage(attempt, ["weur", "enam"], blind))).toEqual([
      "enam",
      "enam",
      "home",
      "enam",
    ]);
    expect([1, 2].map((attempt) => retryVantage(attempt, ["weur"], blind))).toEqual(["home", "home"]);
    expect([0, 1, 2].map((index) => downVantage(index, ["weur"]))).toEqual(["home", "weur", "home"]);
  });
});

describe("the breaker", () => {
  it.each([
    ["down", 299, 5, "closed"],
    ["down", 300, 5, "open"],
    ["down", 599, 60, "closed"],
    ["down", 600, 60, "open"],
    ["up", 9_000, 5, "closed"],
  ] as const)("of a service %s for %d s at an interval of %d s is %s", (status, seconds, interval, breaker) => {
    expect(breakerOf(status, T0 - seconds * 1_000, interval, T0)).toBe(breaker);
  });

  it.each([
    ["closed", 30, 1],
    ["open", 30, 4],
    ["open", 100, 3],
    ["open", 300, 1],
    ["open", 3_600, 1],
  ] as const)("%s at an interval of %d s lets every %dth due time through", (breaker, interval, stride) => {
    expect(breakerStride(breaker, interval)).toBe(stride);
  });
});

describe("staleness", () => {
  it("comes after three intervals and a grace, four times as late while the breaker is open", () => {
    const scheduled = { health_interval: 30, agent: null };
    const up = { status: "up" as const, since: 0 };
    const long = { status: "down" as const, since: 0 };
    expect(isStale(T0, T0, scheduled, up, T0 + 165_000)).toBe(false);
    expect(isStale(T0, T0, scheduled, up, T0 + 165_001)).toBe(true);
    expect(isStale(T0, T0, scheduled, long, T0 + 165_001)).toBe(false);
    expect(isStale(null, T0, scheduled, up, T0 + 165_001)).toBe(true);
  });

  it.each([5, 10, 15, 30, 55, 60, 75, 100, 300, 3_600])(
    "at an interval of %d s is never said of a service that is checked as planned, also when its breaker opens meanwhile",
    (health_interval) => {
      const lane = health_interval * 100_000 + 7;
      const check = aCheck({ health_interval, lane, recorded_status: "down", recorded_since: T0, agent: "a" });
      const window = { from: T0, to: T0 + 40 * health_interval * 1_000 + 20 * 60_000 };
      const dues = planRounds([check], window, []).map(({ round }) => round.due_at);
      const standing = { status: "down" as const, since: T0 };
      for (const [index, due] of dues.entries()) {
        const next = dues[index + 1];
        if (next === undefined) break;
        expect(next - due).toBeLessThanOrEqual(longestGap(check, standing, due));
        expect(isStale(due, due, check, standing, next + health_interval * 1_000)).toBe(false);
      }
      expect(dues.length).toBeGreaterThan(5);
    },
  );
});
