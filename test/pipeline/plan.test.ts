import { expect, it } from "vitest";
import type { Check } from "../../src/core/check.ts";
import type { ProbeMessage } from "../../src/core/queue-messages.ts";
import { newestOfLate, type PlanDeps, plan } from "../../src/pipeline/plan.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

const check = aCheck({ recorded_status: "up", recorded_since: T0 });
const away = new Error("away");

async function* pages(...all: Check[][]): AsyncIterable<Check[]> {
  yield* all;
}

// biome-ignore lint/correctness/useYield: it fails before the first page
async function* noPages(): AsyncIterable<Check[]> {
  throw away;
}

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
    load: () => pages([check]),
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
  expect(report).toEqual({ at: T0 + 20, checks: 1, rounds: 2 });
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
  await plan(T0, {
    ...deps,
    load: () => {
      failing -= 1;
      return failing > 0 ? noPages() : deps.load();
    },
  });
  expect(failures).toHaveLength(7);
  expect(sent).toHaveLength(2);
});

it("goes by what the live board knows while the database is away", async () => {
  const { deps, sent, failures, now } = fakeDeps();
  await plan(T0, { ...deps, load: noPages, remembered: async () => [check] });
  expect(failures).toEqual([away]);
  expect(sent.map((message) => message.round.due_at - T0)).toEqual([30_000, 60_000]);
  expect(now()).toBe(T0);
});

it("plans each lane once when the database goes away between two pages", async () => {
  const other = aCheck({ service_id: 8, lane: 3_000_001 });
  async function* broken(): AsyncIterable<Check[]> {
    yield [check];
    throw away;
  }
  const { deps, sent } = fakeDeps({ load: broken, remembered: async () => [check, other] });
  expect(await plan(T0, deps)).toMatchObject({ checks: 2 });
  const keys = sent.map(({ round }) => `${round.lane} ${round.due_at}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(sent.map(({ round }) => round.lane)).size).toBe(2);
});

it("gives up before the next tick", async () => {
  const { deps, failures, now } = fakeDeps({ load: noPages });
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
