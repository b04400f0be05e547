import { afterEach, describe, expect, it, vi } from "vitest";
import { LANE_SIZE } from "../../src/core/lane/lanes.ts";
import { type ProbeMessage, roundsIn } from "../../src/core/lane/queue-messages.ts";
import type { Check } from "../../src/core/service/check.ts";
import { LONGEST_EARLY_MS } from "../../src/core/time/durations.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { newestOfLate, type PlanDeps, plan } from "../../src/pipeline/plan.ts";
import { type QueuedRound, sendInOrder } from "../../src/platform/send-rounds.ts";
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
    send: async (messages, tell) => {
      sent.push(...messages);
      await tell(messages);
    },
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
  expect(report).toEqual({ at: T0 + 40, checks: 1, rounds: 2, unread: [] });
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
  expect(now()).toBe(T0 + 40);
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

it("sends what it has read of a registry that breaks off and is known to nobody else, and later the rest, each round once", async () => {
  const other = aCheck({ service_id: 8, lane: 3_000_001 });
  let isFirst = true;
  async function* broken(): AsyncIterable<Check[]> {
    yield [check];
    if (isFirst) {
      isFirst = false;
      throw away;
    }
    yield [other];
  }
  const { deps, sent, failures } = fakeDeps({ load: broken });
  expect(await plan(T0, deps)).toMatchObject({ checks: 2, rounds: 4 });
  expect(failures).toEqual([away]);
  expect(sent.map(({ round }) => round.lane)).toEqual([3_000_000, 3_000_000, 3_000_001, 3_000_001]);
});

it("reads the registry once and sends only the rest when the queue fails in between", async () => {
  let reads = 0;
  const { deps, sent, failures } = fakeDeps();
  const report = await plan(T0, {
    ...deps,
    load: () => {
      reads += 1;
      return deps.load();
    },
    send: async (messages, tell) => {
      await deps.send(messages.slice(0, 1), tell);
      if (messages.length > 1) throw away;
    },
  });
  expect(reads).toBe(1);
  expect(failures).toEqual([away]);
  expect(sent.map((message) => message.round.due_at - T0)).toEqual([30_000, 60_000]);
  expect(report.rounds).toBe(2);
});

it("does not wait for the end of a slow registry before it sends", async () => {
  const others = Array.from({ length: 8 }, (_, index) => aCheck({ service_id: index, lane: 3_000_000 + index }));
  const times: number[] = [];
  const { deps, now } = fakeDeps();
  await plan(T0, {
    ...deps,
    load: async function* () {
      for (const other of others) {
        await deps.wait(2_000);
        yield [other];
      }
    },
    send: (messages, tell) => {
      times.push(now() - T0);
      return deps.send(messages, tell);
    },
  });
  expect(times).toEqual([6_060, 12_140, 16_200]);
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

describe("with 10,000 services at 10 s and 50 ms a call", () => {
  const CALL_MS = 50;
  const CALLS_AT_ONCE = 6;
  /** A round of 24 of them has 20 KB. */
  const health_options = { headers: { authorization: "x".repeat(380) } };
  const all = Array.from({ length: 10_000 }, (_, service_id) =>
    aCheck({
      service_id,
      lane: 1_000_000 + Math.floor(service_id / LANE_SIZE),
      health_interval: 10,
      health_options,
      recorded_status: "up",
      recorded_since: T0 - 9e6,
    }),
  );
  const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

  interface Call {
    ended: number;
    size: number;
    rounds: { due_at: number; lane: number; delivered: number }[];
  }

  /** A queue and a database of which each call takes 50 ms. `failing`: the number of a call that fails. */
  function slowDeps(failing?: number) {
    const calls: Call[] = [];
    const together: { bytes: number; rounds: number; spreadMs: number }[] = [];
    let begun = 0;
    let open = 0;
    let mostOpen = 0;
    const sendBatch = async (batch: QueuedRound[]) => {
      begun += 1;
      const fails = begun === failing;
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      await later(CALL_MS);
      open -= 1;
      if (fails) throw away;
      const messages = batch.map(({ body, delaySeconds }) =>
        roundsIn(body).map((message) => {
          const { round } = message as ProbeMessage; // as it was sent
          return { ...round, delivered: Date.now() + delaySeconds * 1_000 };
        }),
      );
      const rounds = messages.flat();
      for (const [index, { body }] of batch.entries()) {
        const due = (messages[index] ?? []).map(({ due_at }) => due_at);
        together.push({ bytes: body.length, rounds: due.length, spreadMs: Math.max(...due) - Math.min(...due) });
      }
      calls.push({ ended: Date.now(), size: batch.reduce((sum, { body }) => sum + body.length, 0), rounds });
    };
    const now = () => Date.now(); // whatever clock there is then
    const deps: PlanDeps = {
      ...fakeDeps().deps,
      now,
      wait: later,
      load: async function* () {
        await later(CALL_MS);
        for (let start = 0; start < all.length; start += 20 * LANE_SIZE) {
          await later(CALL_MS);
          yield all.slice(start, start + 20 * LANE_SIZE);
        }
      },
      send: (messages, tell) => sendInOrder(messages, { clock: { ...systemClock, now }, sendBatch, sent: tell }),
    };
    return { deps, calls, together, mostOpen: () => mostOpen };
  }

  async function planAt(now: number, deps: PlanDeps) {
    vi.useFakeTimers({ now });
    const [report] = await Promise.all([plan(T0, deps), vi.runAllTimersAsync()]);
    return report;
  }

  const lateness = ({ ended, rounds }: Call) => rounds.map(({ due_at }) => ended - due_at);

  afterEach(() => vi.useRealTimers());

  it.each([0, 9_000])("hands over every round before it is due, even if the tick comes %d ms late", async (late) => {
    const { deps, calls, together, mostOpen } = slowDeps();
    expect(await planAt(T0 + late, deps)).toMatchObject({ checks: 10_000, rounds: 2_502 });
    expect(Math.max(...calls.flatMap(lateness))).toBeLessThan(0);
    expect(Math.max(...calls.map(({ ended }) => ended)) - T0 - late).toBeLessThan(5_000);
    const rounds = calls.flatMap((call) => call.rounds);
    expect(rounds.map(({ due_at }) => due_at)).toEqual(rounds.map(({ due_at }) => due_at).toSorted((a, b) => a - b));
    expect(new Set(rounds.map(({ lane, due_at }) => `${lane} ${due_at}`)).size).toBe(2_502);
    expect(Math.max(...rounds.map(({ delivered, due_at }) => delivered - due_at))).toBeLessThanOrEqual(CALL_MS);
    expect(mostOpen()).toBeGreaterThan(1);
    expect(mostOpen()).toBeLessThanOrEqual(CALLS_AT_ONCE);
    expect(calls.length).toBeLessThan(250);
    expect(Math.max(...calls.map(({ size }) => size))).toBeLessThan(256_000);
    // An operation of the queue moves 64 KB, and a message holds rounds that are due at about the same time.
    expect(Math.max(...together.map(({ bytes }) => bytes))).toBeLessThanOrEqual(65_536);
    expect(Math.max(...together.map(({ spreadMs }) => spreadMs)) + 1_000).toBeLessThan(LONGEST_EARLY_MS);
    expect(together.length).toBeLessThan(2_502 / 2.5);
  });

  it("sends after an error only what has not been sent", async () => {
    const { deps, calls } = slowDeps(100);
    expect(await planAt(T0, deps)).toMatchObject({ checks: 10_000, rounds: 2_502 });
    const keys = calls.flatMap(({ rounds }) => rounds.map(({ lane, due_at }) => `${lane} ${due_at}`));
    expect(keys).toHaveLength(2_502);
    expect(new Set(keys).size).toBe(2_502);
    expect(Math.max(...calls.flatMap(lateness))).toBeLessThan(0);
  });
});
