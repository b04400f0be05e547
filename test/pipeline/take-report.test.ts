import { describe, expect, it, vi } from "vitest";
import type { AgentFinding } from "../../src/core/agent/agent-protocol.ts";
import type { BoardUpdate } from "../../src/core/board/board.ts";
import type { OutcomesMessage } from "../../src/core/lane/queue-messages.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { liveState, type MonitorState, newMonitorState } from "../../src/core/status/monitor-state.ts";
import { expire } from "../../src/core/status/silence.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import { LANE_ANSWERS_MS } from "../../src/core/time/durations.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { takeReport } from "../../src/pipeline/take-report.ts";
import { aCheck, aFailure, anObservation, T0 } from "../core/fixtures.ts";

const VANTAGE = "agent:dc-1";
const SECOND = 1_000;
const checkOf = (service_id: number, lane = 500_000): Check =>
  aCheck({ service_id, agent: "dc-1", lane, health_interval: 5, health_retries: 1 });

/** The real state machine; the rest remembers what it is told. */
function hub(now: number, refusedUntil = 0, lost: number[] = [], hung: number[] = []) {
  const monitors = new Map<number, MonitorState>();
  const published: BoardUpdate[] = [];
  const recorded: OutcomesMessage[] = [];
  const refused: number[] = [];
  return {
    monitors,
    published,
    recorded,
    refused,
    take: (reported: AgentFinding[]) =>
      takeReport(reported, VANTAGE, {
        causes: async () => {},
        now: () => now,
        wait: systemClock.wait,
        refusedUntil: async (ids) => ids.map((id) => ({ id, until: refusedUntil })),
        reportRefused: async (ids) => void refused.push(...ids),
        observe: async (round, findings) => {
          if (lost.includes(round.lane)) throw new Error("the lane is away");
          if (hung.includes(round.lane)) await new Promise<never>(() => {});
          return findings.map(({ check, observation }) => {
            const before = monitors.get(check.service_id) ?? null;
            const step = observe(before, { check, round, observation, vantages: [], random: 0.5 });
            if (step === null) return null;
            monitors.set(check.service_id, step.state);
            return { live: liveState(step.state), flips: step.state.flips, retry: step.retry, version: null };
          });
        },
        publish: async (update) => void published.push(update),
        writeFlips: async () => {},
        record: async (message) => void recorded.push(message),
      }),
  };
}

function reported(check: Check, at: number, over: Partial<Observation> = {}, attempt = 0): AgentFinding {
  return { check, due_at: at - (at % 5_000), attempt, observation: anObservation({ at, vantage: VANTAGE, ...over }) };
}

const failed = (check: Check, at: number, attempt = 0) =>
  reported(check, at, { ...aFailure(), at, vantage: VANTAGE }, attempt);

describe("a report", () => {
  it("is judged round by round, in its order, and recorded as rounds from the agent's place", async () => {
    const { take, recorded, monitors } = hub(T0 + 10 * SECOND);
    const [a, b] = [checkOf(1), checkOf(2)];
    const due = { due_at: T0 + 5 * SECOND };
    const news = [
      { ...reported(a, T0 + 5_000), ...due },
      { ...failed(b, T0 + 5_001), ...due },
      { ...failed(b, T0 + 6_000, 1), ...due },
    ];
    expect(await take(news)).toMatchObject({ news: 3, late: 0 });
    expect(recorded.map(({ round, vantage, results }) => [round.attempt, vantage, results.length])).toEqual([
      [0, VANTAGE, 2],
      [1, VANTAGE, 1],
    ]);
    expect([monitors.get(1)?.status, monitors.get(2)?.status]).toEqual(["up", "down"]);
    expect(recorded[1]?.flips[0]).toMatchObject({ to: "down", began_at: new Date(T0 + 5_001).toISOString() });
  });

  it("keeps the order of each service, although its neighbours were retried earlier in the same rounds", async () => {
    const { take, recorded, monitors } = hub(T0 + 10 * SECOND);
    const [quick, slow] = [checkOf(1), checkOf(2)];
    const due = { due_at: T0 };
    const news = [
      { ...failed(quick, T0 + 900, 1), ...due }, // its first attempt was in the report before
      { ...failed(slow, T0, 0), ...due },
      { ...failed(slow, T0 + 3_000, 1), ...due },
    ];
    await take(news);
    expect(monitors.get(2)?.status).toBe("down");
    expect(recorded.map(({ round, results }) => [round.attempt, results.map(([id]) => id)])).toEqual([
      [1, [1]],
      [0, [2]],
      [1, [2]],
    ]);
  });

  it("that came too late is history and no news: no status changes, and nobody is told", async () => {
    const { take, recorded, published, monitors } = hub(T0 + 120 * SECOND);
    const check = checkOf(1);
    const old = Array.from({ length: 20 }, (_, k) => failed(check, T0 + k * 5 * SECOND));
    expect(await take(old)).toMatchObject({ news: 0, late: 20 });
    expect([published, monitors.size, recorded.length]).toEqual([[], 0, 20]);
    expect(recorded[0]).toMatchObject({ flips: [], results: [[1, 0, 3, null, "connect: refused", null]] });
  });

  it("leads from history into news, and the status follows the news alone", async () => {
    const now = T0 + 120 * SECOND;
    const { take, recorded, monitors } = hub(now);
    const check = checkOf(1);
    const silent = expire({ ...newMonitorState(check), status: "up" }, check, T0 - 5_000, now - 60 * SECOND);
    monitors.set(1, silent);
    const all = Array.from({ length: 24 }, (_, k) => {
      const at = T0 + (k + 1) * 5 * SECOND;
      return k < 15 ? failed(check, at) : reported(check, at);
    });
    expect(await take(all)).toMatchObject({ news: 5, late: 19 });
    expect(recorded).toHaveLength(24);
    const flips = monitors.get(1)?.flips.map(({ from, to }) => `${from} ${to}`);
    expect(flips).toEqual(["up unknown", "unknown up"]);
  });

  it("that comes twice changes nothing", async () => {
    const { take, monitors } = hub(T0 + 10 * SECOND);
    const report = [
      failed(checkOf(1), T0 + 5_000),
      failed(checkOf(1), T0 + 6_000, 1),
      { ...reported(checkOf(1), T0 + 9_000), due_at: T0 + 9_000 },
    ];
    await take(report);
    const before = monitors.get(1);
    await take(report);
    expect(monitors.get(1)).toEqual(before);
  });

  it("of several lanes keeps the order in each", async () => {
    const { take, recorded } = hub(T0 + 10 * SECOND);
    const [a, b] = [checkOf(1, 500_000), checkOf(2, 500_001)];
    await take([reported(a, T0), reported(b, T0 + 1), reported(a, T0 + 5_000), reported(b, T0 + 5_001)]);
    for (const lane of [500_000, 500_001]) {
      const dues = recorded.flatMap(({ round }) => (round.lane === lane ? [round.due_at] : []));
      expect(dues).toEqual([T0, T0 + 5_000]);
    }
  });

  it("costs only the services of a lane that fails, which are named and were not silent", async () => {
    const { take, monitors, refused } = hub(T0 + 10 * SECOND, 0, [500_000]);
    const report = [reported(checkOf(1, 500_000), T0), reported(checkOf(2, 500_001), T0)];
    expect(await take(report)).toMatchObject({ news: 1, untaken: [1], states: [{ service_id: 2, status: "up" }] });
    expect([[...monitors.keys()], refused]).toEqual([[2], [1]]);
  });

  it("fails when no lane took anything in", async () => {
    const { take } = hub(T0 + 10 * SECOND, 0, [500_000]);
    await expect(take([reported(checkOf(1, 500_000), T0)])).rejects.toThrow("the lane is away");
  });

  it("names the services of what came too late", async () => {
    const { take } = hub(T0 + 120 * SECOND);
    const [late, prompt] = [checkOf(1), checkOf(2)];
    const report = [failed(late, T0), reported(prompt, T0 + 119 * SECOND)];
    expect(await take(report)).toMatchObject({ late: 1, late_services: [1], news: 1 });
  });

  it("that the hub could not hear in time is judged, as far as it is not older than a minute", async () => {
    const check = checkOf(1);
    const outage = [0, 3, 8].map((second, attempt) => failed(check, T0 + second * SECOND, attempt));
    const refused = hub(T0 + 25 * SECOND, T0 + 20 * SECOND);
    expect(await refused.take(outage)).toMatchObject({ news: 3, late: 0 });
    expect(refused.monitors.get(1)?.status).toBe("down");
    expect(await hub(T0 + 25 * SECOND).take(outage)).toMatchObject({ news: 1, late: 2 });
    const long = hub(T0 + 90 * SECOND, T0 + 88 * SECOND);
    expect(await long.take(outage)).toMatchObject({ news: 0, late: 3 });
  });
});

it("a lane that hangs costs the other lanes of the report no more than one call may take", async () => {
  vi.useFakeTimers({ now: T0 });
  try {
    const { take, refused, monitors } = hub(T0 + 10 * SECOND, 0, [], [2]);
    const hung = { ...checkOf(2), lane: 2 };
    const taking = take([reported(checkOf(1), T0), reported(hung, T0), reported(hung, T0 + 5 * SECOND)]);
    await vi.advanceTimersByTimeAsync(LANE_ANSWERS_MS);
    expect(await taking).toMatchObject({ news: 1, untaken: [2] });
    expect([refused, [...monitors.keys()]]).toEqual([[2], [1]]);
  } finally {
    vi.useRealTimers();
  }
});
