import { expect, it } from "vitest";
import type { ProbeMessage } from "../../src/core/queue-messages.ts";
import { newestOfLate, type PlanDeps, plan } from "../../src/pipeline/plan.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

function fakeDeps(over: Partial<PlanDeps> = {}) {
  const sent: ProbeMessage[] = [];
  const reports: unknown[] = [];
  const failures: unknown[] = [];
  let clock = T0;
  const deps: PlanDeps = {
    now: () => clock,
    wait: async (ms) => {
      clock += ms;
    },
    load: async () => [aCheck({ recorded_status: "up", recorded_since: T0 })],
    remembered: async () => null,
    send: async (messages) => void sent.push(...messages),
    planned: async (report) => void reports.push(report),
    failed: (error) => void failures.push(error),
    vantages: [],
    ...over,
  };
  return { deps, sent, reports, failures, now: () => clock };
}

it("sends the rounds of the minute that begins 15 s after the tick, and says so", async () => {
  const { deps, sent, reports } = fakeDeps();
  const report = await plan(T0, deps);
  expect(sent.map((message) => message.round.due_at - T0)).toEqual([30_000, 60_000]);
  expect(report).toEqual({ at: T0, checks: 1, rounds: 2 });
  expect(reports).toEqual([report]);
});

it("a doubled tick makes the same rounds", async () => {
  const { deps, sent } = fakeDeps();
  await plan(T0, deps);
  await plan(T0 + 3_000, deps);
  expect(sent.slice(0, 2)).toEqual(sent.slice(2));
});

it("waits for a database that comes back within the minute", async () => {
  let failing = 8;
  const { deps, sent, failures } = fakeDeps();
  const load = deps.load;
  await plan(T0, {
    ...deps,
    load: () => {
      failing -= 1;
      return failing > 0 ? Promise.reject(new Error("away")) : load();
    },
  });
  expect(failures).toHaveLength(7);
  expect(sent).toHaveLength(2);
});

it("goes by what the live board knows while the database is away", async () => {
  const { deps, sent, failures, now } = fakeDeps();
  const remembered = deps.load;
  await plan(T0, { ...deps, load: () => Promise.reject(new Error("away")), remembered });
  expect(failures).toHaveLength(1);
  expect(sent.map((message) => message.round.due_at - T0)).toEqual([30_000, 60_000]);
  expect(now()).toBe(T0);
});

it("gives up before the next tick", async () => {
  const { deps, failures, now } = fakeDeps({ load: () => Promise.reject(new Error("away")) });
  await expect(plan(T0, deps)).rejects.toThrow("away");
  expect(failures.length).toBeGreaterThan(20);
  expect(now()).toBeLessThan(T0 + 60_000);
});

it("when late, runs the newest missed round of each lane and what is still to come", () => {
  const message = (lane: number, due_at: number): ProbeMessage => ({
    round: { lane, due_at, attempt: 0 },
    vantage: "home",
    not_before: due_at,
    checks: [],
  });
  const all = [message(1, 10), message(1, 20), message(1, 30), message(1, 40), message(2, 10), message(2, 50)];
  const left = newestOfLate(all, 30).map(({ round }) => [round.lane, round.due_at]);
  expect(left).toEqual([
    [1, 30],
    [1, 40],
    [2, 10],
    [2, 50],
  ]);
});
