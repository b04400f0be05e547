import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Rounds } from "../../src/agent/rounds.ts";
import { dueTimes } from "../../src/core/lane/schedule.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation, Round } from "../../src/core/service/records.ts";
import { aCheck, aFailure, anObservation, T0 } from "../core/fixtures.ts";

const LANE = 550_000; // of five seconds, the first of reported ones
let found: { id: number; round: Round; at: number }[];
let answer: (check: Check) => Partial<Observation>;
let rounds: Rounds;
let planner: ReturnType<typeof setInterval>;

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
  [found, answer] = [[], () => ({})];
  rounds = new Rounds({
    now: Date.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    random: () => 0.5,
    probe: async (check) => anObservation({ at: Date.now(), vantage: "agent:dc-1", ...answer(check) }),
    found: (check, round, { at }) => void found.push({ id: check.service_id, round, at }),
  });
  planner = setInterval(() => rounds.plan(), 500);
});
afterEach(() => {
  clearInterval(planner);
  vi.useRealTimers();
});

const check = (over: Partial<Check> = {}) =>
  aCheck({ agent: "dc-1", health_interval: 5, health_retries: 2, lane: LANE, ...over });
const dues = (attempt = 0) => found.filter(({ round }) => round.attempt === attempt).map(({ round }) => round.due_at);
const scheduled = (from: number, to: number) => dueTimes(LANE, { from, to }).map(({ due_at }) => due_at);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the checks of an agent", () => {
  test("run at once when they are new, then at the times that the hub would plan", async () => {
    rounds.replace([check()]);
    await pass(60_000);
    const [first, ...rest] = dues();
    expect(first).toBe(T0);
    const expected = scheduled(T0, T0 + 60_000);
    expect(rest.slice(0, expected.length)).toEqual(expected);
    for (const { round, at } of found) expect(at).toBe(round.due_at);
  });

  test("are as rare as the hub expects them while a service is down: its breaker counts, not one of the agent's", async () => {
    answer = () => aFailure({});
    const rounded = { health_retries: 0, recorded_status: "down" as const, recorded_since: T0 - 3_600_000 };
    rounds.replace([check(rounded)]);
    await pass(30_000);
    found = [];
    await pass(120_000);
    expect(dues()).toHaveLength(6); // the hub says that it is down for long
    rounds.learn([{ service_id: check().service_id, status: "down", since: T0 + 149_000 }]);
    found = [];
    await pass(60_000);
    expect(dues()).toHaveLength(12); // the hub says that it fell just now
    answer = () => ({});
    await pass(10_000);
    found = [];
    await pass(60_000);
    expect(dues()).toHaveLength(12); // it is up, and what the hub said is over
  });

  test.each([-2 * 3_600_000, 3_600_000])("go on when the time jumps by %d ms", async (jump) => {
    rounds.replace([check()]);
    await pass(20_000);
    vi.setSystemTime(Date.now() + jump);
    if (jump < 0) rounds.beginAnew(); // as the agent does
    found = [];
    await pass(30_000);
    expect(found.length).toBeGreaterThanOrEqual(5);
    answer = () => ({ verdict: "fail", latency_ms: null, error: "refused" });
    found = [];
    await pass(15_000);
    expect(dues(1).length).toBeGreaterThan(0); // failures are tried again, not taken for late ones
  });

  test("are retried after a failure, also when the time has jumped back", async () => {
    rounds.replace([check()]);
    await pass(20_000);
    vi.setSystemTime(Date.now() - 3_600_000);
    await pass(10_000);
    found = [];
    answer = () => aFailure({});
    await pass(12_000);
    expect([1, 2].map((attempt) => dues(attempt).length)).toEqual([1, 1]);
  });

  test("are retried when they begin anew, although the service was down when the agent was started", async () => {
    rounds.replace([check({ recorded_status: "down", recorded_since: T0 - 60_000 })]);
    await pass(10_000);
    rounds.learn([{ service_id: check().service_id, status: "up", since: T0 }]);
    rounds.beginAnew();
    found = [];
    answer = () => aFailure({});
    await pass(12_000);
    expect([1, 2].map((attempt) => dues(attempt).length)).toEqual([1, 1]);
  });

  test("run at once when they change, and not any more when they are gone", async () => {
    rounds.replace([check()]);
    await pass(10_000);
    found = [];
    rounds.replace([check()]); // the same
    await pass(0);
    expect(found).toEqual([]);
    rounds.replace([check({ rev: 2 })]);
    await pass(0);
    expect(dues()).toEqual([T0 + 10_000]);
    rounds.replace([]);
    found = [];
    await pass(60_000);
    expect(found).toEqual([]);
  });

  test("are begun no more after a stop, and what ran then is not told", async () => {
    rounds.replace([check()]);
    await pass(10_000);
    found = [];
    rounds.replace([check({ rev: 2 })]);
    rounds.stop();
    await pass(60_000);
    expect(found).toEqual([]);
  });

  test("are retried after 1 and 2 s when they fail, and no more once they are down", async () => {
    answer = () => aFailure({ at: Date.now() });
    rounds.replace([check()]);
    await pass(4_000);
    expect(found.filter(({ round }) => round.due_at === T0).map(({ round, at }) => [round.attempt, at])).toEqual([
      [0, T0],
      [1, T0 + 1_000],
      [2, T0 + 3_000],
    ]);
    found = [];
    await pass(20_000);
    expect(dues(1)).toEqual([]);
    rounds.beginAnew();
    found = [];
    await pass(9_000);
    expect(dues(1).length).toBeGreaterThan(0);
  });

  test("run at once and are retried anew when the hub's database began another life", async () => {
    answer = () => aFailure({ at: Date.now() });
    rounds.replace([check({ epoch: "a" })]);
    await pass(12_000);
    found = [];
    rounds.replace([check({ epoch: "b" })]);
    await pass(1_500);
    expect(found.map(({ round }) => round.attempt)).toContain(1);
  });

  test("run less often when they have been down for long", async () => {
    answer = () => aFailure({ at: Date.now() });
    rounds.replace([check()]);
    await pass(400_000);
    found = [];
    await pass(200_000);
    expect(dues().length).toBeGreaterThanOrEqual(9);
    expect(dues().length).toBeLessThanOrEqual(11);
  });

  test("that were due while the machine slept are left out", async () => {
    rounds.replace([check()]);
    await pass(10_000);
    found = [];
    vi.setSystemTime(T0 + 3_600_000);
    await pass(10_000);
    expect(found.length).toBeLessThanOrEqual(4);
    for (const { round } of found) expect(round.due_at).toBeGreaterThan(T0 + 3_590_000);
  });

  test("a heartbeat is none of them", async () => {
    rounds.replace([check({ health_method: "heartbeat" })]);
    await pass(20_000);
    expect([found, rounds.size]).toEqual([[], 0]);
  });
});
