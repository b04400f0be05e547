import { describe, expect, it } from "vitest";
import type { BoardUpdate } from "../../src/core/board/board.ts";
import type { OutcomesMessage, ProbeMessage } from "../../src/core/lane/queue-messages.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { liveState, type MonitorState } from "../../src/core/status/monitor-state.ts";
import type { RecordedFlip } from "../../src/core/status/recorded-flip.ts";
import { observe } from "../../src/core/status/state-machine.ts";
import { type ProbeDeps, runRound } from "../../src/pipeline/probe.ts";
import { aCheck, aFailure, anObservation, T0 } from "../core/fixtures.ts";

type Answer = (check: Check) => Promise<Observation> | Observation;

/** The real state machine in memory; everything else records what it is told. */
function hub(answer: Answer, over: Partial<ProbeDeps> = {}, unsettled: number[] = [1, 2, 3, 7]) {
  const monitors = new Map<number, MonitorState>();
  const published: BoardUpdate[] = [];
  const recorded: OutcomesMessage[] = [];
  const written: RecordedFlip[] = [];
  const retried: ProbeMessage[] = [];
  const waits: number[] = [];
  /** Findings in each call of the lane's monitor. */
  const calls: number[] = [];
  const deps: ProbeDeps = {
    now: () => T0,
    wait: async (ms) => void waits.push(ms),
    longestWait: 5_000,
    watched: async (checks) => ({ checks, unsettled: new Set(unsettled) }),
    probe: async (checks, _vantage, found) => {
      await Promise.all(checks.map(async (check) => found({ check, observation: await answer(check) })));
    },
    observe: async (round, findings) => {
      calls.push(findings.length);
      return findings.map(({ check, observation }) => {
        const input = { check, round, observation, vantages: ["weur"], random: check.service_id / 10 };
        const step = observe(monitors.get(check.service_id) ?? null, input);
        if (step === null) return null;
        monitors.set(check.service_id, step.state);
        const { state, retry } = step;
        return { live: liveState(state), flips: state.flips, retry, version: state.version };
      });
    },
    canSee: async () => true,
    publish: async (update) => void published.push(update),
    record: async (message) => void recorded.push(message),
    writeFlips: async (flips) => void written.push(...flips),
    retry: async (messages) => void retried.push(...messages),
    causes: async () => {},
    ...over,
  };
  return { deps, published, recorded, written, retried, waits, calls, monitors };
}

function message(checks: Check[], over: Partial<ProbeMessage> = {}): ProbeMessage {
  return { round: { lane: 5, due_at: T0, attempt: 0 }, vantage: "home", not_before: T0, checks, ...over };
}

const checks = [1, 2, 3].map((service_id) => aCheck({ service_id, name: `s${service_id}` }));

describe("a round", () => {
  it("is one packed record of all its checks", async () => {
    const { deps, recorded, published } = hub(() => anObservation({ details: { version: "1.2", uptime: 9 } }));
    await runRound(message(checks), deps);
    const results = recorded.filter((each) => each.results.length > 0);
    expect(results).toHaveLength(1);
    expect(results[0]?.results).toEqual(checks.map(({ service_id }) => [service_id, 1, 1, 12, null, { uptime: 9 }]));
    expect(results[0]?.versions).toEqual(checks.map(({ service_id }) => ({ service_id, version: "1.2" })));
    expect(published.flatMap((update) => update.items.map(([id]) => id)).toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  });

  it("waits for its time", async () => {
    const { deps, waits } = hub(() => anObservation());
    await runRound(message(checks, { not_before: T0 + 700 }), deps);
    expect(waits[0]).toBe(700);
  });

  it("that a clock planned which was an hour ahead does not hold up its queue", async () => {
    const { deps, waits, recorded } = hub(() => anObservation());
    await runRound(message(checks, { not_before: T0 + 3_600_000 }), deps);
    expect(waits[0]).toBe(5_000);
    expect(recorded.at(-1)?.results).toHaveLength(3);
  });

  it("asks again for what failed, from the next vantage, and for nothing else", async () => {
    const { deps, retried } = hub((check) => (check.service_id === 2 ? aFailure() : anObservation()));
    await runRound(message(checks), deps);
    expect(retried).toHaveLength(1);
    expect(retried[0]).toMatchObject({
      round: { lane: 5, due_at: T0, attempt: 1 },
      vantage: "weur",
      not_before: T0 + 880,
    });
    expect(retried[0]?.checks.map((check) => check.service_id)).toEqual([2]);
  });

  it("keeps the jitter of each retry: they come at their own times, in one message", async () => {
    const { deps, retried } = hub(() => aFailure());
    await runRound(message(checks), deps);
    expect(retried).toHaveLength(1);
    expect(retried[0]?.not_before).toBe(T0 + 840);
    expect(retried[0]?.checks.map(({ service_id, after_ms }) => [service_id, after_ms])).toEqual([
      [1, undefined],
      [2, 40],
      [3, 80],
    ]);
  });

  it("reaches its lane in one call when all checks are done at once", async () => {
    const { deps, calls } = hub(() => anObservation(), { wait: () => new Promise(() => {}) });
    await runRound(message(checks), deps);
    expect(calls).toEqual([3]);
  });

  it("tells of a flip at once, before a slow check of the same round is done", async () => {
    let release = () => {};
    const slow = new Promise<void>((done) => {
      release = done;
    });
    const { deps, published, recorded, written } = hub(async (check) => {
      if (check.service_id === 3) await slow;
      return anObservation();
    });
    const running = runRound(message(checks), deps);
    await new Promise((done) => setImmediate(done));
    expect(
      published.flatMap((update) => update.flips.map((flip) => flip.service_id)).toSorted((a, b) => a - b),
    ).toEqual([1, 2]);
    expect(written).toHaveLength(2);
    expect(recorded).toEqual([]);
    release();
    await running;
    expect(recorded.at(-1)?.results).toHaveLength(3);
  });

  it("reaches its lane in one call when services that are well answer one after the other", async () => {
    const { deps, calls, waits } = hub(
      async ({ service_id }) => {
        for (let turn = 0; turn < service_id * 5; turn++) await new Promise((done) => setImmediate(done));
        return anObservation();
      },
      { wait: () => new Promise(() => {}) },
      [],
    );
    await runRound(message(checks), deps);
    expect(calls).toEqual([3]);
    expect(waits).toEqual([]);
  });

  it.each([
    ["a failure", [], aFailure()],
    ["a warning", [], anObservation({ verdict: "warn" })],
    ["a slow answer", [], anObservation({ latency_ms: 60_000 })],
    ["another version", [], anObservation({ details: { version: "2" } })],
    ["a service that was not simply up", [7], anObservation()],
  ])(
    "tells of %s at once, and of what is as before after two seconds at most",
    async (_what, unsettled, observation) => {
      const asked: number[] = [];
      const wait = async (ms: number) => void asked.push(ms);
      const news = hub(() => observation, { wait }, unsettled);
      await runRound(message([aCheck()]), news.deps);
      expect(asked).toEqual([50]);
      const noNews = hub(() => anObservation(), { wait }, []);
      await runRound(message([aCheck()]), noNews.deps);
      expect(asked).toEqual([50, 2_000]);
    },
  );

  it("makes no news of a flip that it merely hands over again", async () => {
    const { deps, published, recorded, written } = hub(() => anObservation());
    await runRound(message(checks), deps);
    expect(written).toHaveLength(3);
    const later = { ...deps, now: () => T0 + 30_000, probe: hub(() => anObservation({ at: T0 + 30_000 })).deps.probe };
    recorded.length = 0;
    published.length = 0;
    await runRound(message(checks, { round: { lane: 5, due_at: T0 + 30_000, attempt: 0 } }), later);
    expect(recorded).toHaveLength(1);
    expect(recorded[0]?.flips).toHaveLength(3);
    expect(written).toHaveLength(3);
    expect(published).toHaveLength(1);
  });

  it("leaves alone the targets of checks that were changed or deregistered since it was planned", async () => {
    const asked: number[] = [];
    const answer = (check: Check) => {
      asked.push(check.service_id);
      return anObservation();
    };
    const { deps, recorded } = hub(answer, {
      watched: async (all) => ({ checks: all.slice(1), unsettled: new Set() }),
    });
    await runRound(message(checks), deps);
    expect(asked).toEqual([2, 3]);
    expect(recorded.at(-1)?.results).toHaveLength(2);
  });

  it("leaves out services that are no longer watched", async () => {
    const { deps, recorded } = hub(() => anObservation(), {
      observe: async (_round, findings) => findings.map(() => null),
    });
    await expect(runRound(message(checks), deps)).resolves.toEqual([]);
    expect(recorded).toEqual([]);
  });
});

describe("when nothing answers", () => {
  it("the control target is asked once for the round, and if it is silent too nothing changes", async () => {
    let asked = 0;
    const { deps, monitors, retried, recorded } = hub(() => aFailure(), {
      canSee: async () => {
        asked += 1;
        return false;
      },
    });
    await runRound(message(checks), deps);
    expect(asked).toBe(1);
    expect([...monitors.values()].map((state) => state.failures)).toEqual([0, 0, 0]);
    expect(retried).toEqual([]);
    expect(recorded[0]?.results[0]?.[4]).toBe("the hub can't see its control target (connect: refused)");
  });

  it("to another vantage, that is its own to judge", async () => {
    const { deps, monitors } = hub(() => aFailure(), { canSee: () => Promise.reject(new Error("asked")) });
    await runRound(message(checks, { vantage: "weur" }), deps);
    expect(monitors.get(1)?.failures).toBe(1);
  });

  it("a wrong answer is no reason to ask the control target", async () => {
    const { deps, monitors } = hub(() => aFailure({ latency_ms: 3, error: "http: status 503" }), {
      canSee: () => Promise.reject(new Error("asked")),
    });
    await runRound(message(checks), deps);
    expect(monitors.get(1)?.failures).toBe(1);
  });
});

describe("when a part of the hub fails", () => {
  const broken = () => Promise.reject(new Error("away"));
  it.each(["observe", "publish", "record", "retry"] as const)(
    "at %s, the round throws, to be delivered again",
    async (part) => {
      const { deps } = hub(() => aFailure(), { [part]: broken });
      await expect(runRound(message(checks), deps)).rejects.toThrow("away");
    },
  );

  it("a late publish that fails is not lost", async () => {
    let release = () => {};
    const slow = new Promise<void>((done) => {
      release = done;
    });
    const answer: Answer = async (check) => {
      if (check.service_id === 3) await slow;
      return anObservation();
    };
    let publishes = 0;
    const { deps } = hub(answer, {
      publish: async () => {
        publishes += 1;
        if (publishes === 1) throw new Error("away");
      },
    });
    const running = runRound(message(checks), deps);
    await new Promise((done) => setImmediate(done));
    release();
    await expect(running).rejects.toThrow("away");
    expect(publishes).toBe(2);
  });

  it("a round that was delivered twice is recorded the same and asks for the same retry", async () => {
    const { deps, retried, monitors } = hub(() => aFailure());
    await runRound(message(checks), deps);
    await runRound(message(checks), deps);
    expect(monitors.get(1)?.failures).toBe(1);
    expect(retried.map(({ round }) => round)).toEqual([retried[0]?.round, retried[0]?.round]);
  });
});

it("takes in no more of the details than a database, NATS and other hubs take", async () => {
  const { deps, published, recorded } = hub(() => anObservation({ details: { version: "v".repeat(300) } }));
  const [outcome] = await runRound(message([aCheck()]), deps);
  expect(outcome?.version).toHaveLength(128);
  expect(published[0]?.items[0]?.[1].details.version).toHaveLength(128);
  expect(recorded.flatMap(({ versions }) => versions)[0]?.version).toHaveLength(128);
});
