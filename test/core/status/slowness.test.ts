import { describe, expect, it } from "vitest";
import type { Observation } from "../../../src/core/service/records.ts";
import type { MonitorState } from "../../../src/core/status/monitor-state.ts";
import { observe } from "../../../src/core/status/state-machine.ts";
import { aCheck, anObservation, T0 } from "../fixtures.ts";

const SLOW: Partial<Observation> = { latency_ms: 1_500 };
const BAD: Partial<Observation> = { verdict: "fail", latency_ms: null, error: "connect: refused" };
const LATE: Partial<Observation> = { latency_ms: null, details: { late_ms: 9_000 } };

/** Plays looks that are 10 s apart, each a retry when one was asked for. */
function watch(over: Partial<ReturnType<typeof aCheck>> = {}, vantages: string[] = []) {
  const check = aCheck({ health_interval: 10, health_retries: 3, ...over });
  let state: MonitorState | null = null;
  let retry: { attempt: number; vantage: string } | null = null;
  let now = T0;
  let due_at = T0;
  return (look: Partial<Observation>) => {
    now += 10_000;
    if (retry === null) due_at = now;
    const round = { lane: check.lane, due_at, attempt: retry?.attempt ?? 0 };
    const observation = anObservation({ at: now, vantage: retry?.vantage ?? "home", ...look });
    const step = observe(state, { check, round, observation, vantages, random: 0.5 });
    state = step?.state ?? state;
    retry = step?.retry ?? null;
    return { status: state?.status, asks: retry?.vantage ?? null, flip: state?.flips.at(-1), error: state?.error };
  };
}

describe("a slow answer", () => {
  it("is looked at again at once, and is the hub's own affair when that is quick", () => {
    const see = watch();
    expect(see({})).toMatchObject({ status: "up" });
    expect(see(SLOW)).toMatchObject({ status: "up", asks: "home" });
    expect(see({})).toMatchObject({ status: "up", asks: null, flip: { seq: 1 } });
  });

  it("degrades the service when the second look is slow too, since the first", () => {
    const see = watch();
    see({});
    see(SLOW);
    const { status, asks, flip } = see(SLOW);
    expect({ status, asks }).toEqual({ status: "degraded", asks: null });
    expect(flip).toMatchObject({
      reason: "slow: 1500 ms, more than 1000 ms",
      began_at: new Date(T0 + 20_000).toISOString(),
    });
    expect(flip?.evidence).toHaveLength(2);
    expect(see(SLOW)).toMatchObject({ status: "degraded", asks: null });
    expect(see({})).toMatchObject({ status: "up", flip: { reason: "back to normal" } });
  });

  it("is looked at from another vantage where there is one", () => {
    const see = watch({}, ["weur"]);
    see({});
    expect(see(SLOW)).toMatchObject({ status: "up", asks: "weur" });
    expect(see(SLOW)).toMatchObject({ status: "degraded" });
    const other = watch({}, ["weur"]);
    other({});
    other(SLOW);
    expect(other({})).toMatchObject({ status: "up", asks: null });
  });

  it("decides at once when the check has no retries", () => {
    const see = watch({ health_retries: 0 });
    expect(see(SLOW)).toMatchObject({ status: "degraded", asks: null });
  });

  it("leaves a new service unknown, and one that is down as it is, until the second look", () => {
    const fresh = watch();
    expect(fresh(SLOW)).toMatchObject({ status: "unknown", asks: "home" });
    expect(fresh({})).toMatchObject({ status: "up" });
    const see = watch({ health_retries: 1 });
    see(BAD);
    expect(see(BAD)).toMatchObject({ status: "down" });
    expect(see(SLOW)).toMatchObject({ status: "down", asks: "home" });
    const { status, flip } = see(SLOW);
    expect(status).toBe("degraded");
    expect(flip).toMatchObject({ from: "down", began_at: new Date(T0 + 30_000).toISOString() });
  });

  it("is no second look when it began during the first", () => {
    const check = aCheck({ health_retries: 3 });
    const look = (before: MonitorState | null, at: number, due_at: number) =>
      observe(before, {
        check,
        round: { lane: check.lane, due_at, attempt: 0 },
        vantages: [],
        random: 0.5,
        observation: anObservation({ at, latency_ms: 1_500 }),
      });
    const first = look(null, T0, T0);
    const beside = look(first?.state ?? null, T0 + 1_000, T0 + 1_001);
    expect(beside).toMatchObject({ retry: null, state: { status: "unknown", retry: first?.state.retry } });
    expect(look(beside?.state ?? null, T0 + 1_500, T0 + 1_501)?.state.status).toBe("degraded");
  });

  it("does not count with one before a failure", () => {
    const see = watch();
    see({});
    see(SLOW);
    expect(see(BAD)).toMatchObject({ status: "up" });
    expect(see(SLOW)).toMatchObject({ status: "up", asks: "home" });
  });
});

describe("a time that says nothing", () => {
  it("neither degrades a service nor ends that it is slow", () => {
    const see = watch();
    see({});
    expect(see(LATE)).toMatchObject({ status: "up", asks: null });
    see(SLOW);
    expect(see(SLOW)).toMatchObject({ status: "degraded" });
    expect(see(LATE)).toMatchObject({ status: "degraded", error: "slow: 1500 ms, more than 1000 ms" });
    expect(see({})).toMatchObject({ status: "up" });
  });

  it("of a look that failed is asked for again soon, but not for ever", () => {
    const see = watch({ health_interval: 3_600 });
    see({});
    const stood: Partial<Observation> = { verdict: "inconclusive", latency_ms: null, details: { late_ms: 4_000 } };
    for (let look = 0; look < 5; look++) expect(see(stood)).toMatchObject({ status: "up", asks: "home" });
    expect(see(stood)).toMatchObject({ status: "up", asks: null });
    see(stood);
    see(BAD);
    expect(see(BAD)).toMatchObject({ status: "up", asks: "home" });
    see(BAD);
    expect(see(BAD)).toMatchObject({ status: "down" });
  });

  it("ends that the service reports itself degraded", () => {
    const see = watch();
    expect(see({ verdict: "warn", error: "disk 91 % full" })).toMatchObject({ status: "degraded" });
    expect(see(LATE)).toMatchObject({ status: "up" });
  });
});

describe("a degraded service", () => {
  it("keeps its reason when another vantage ends a chain of failures", () => {
    const see = watch({}, ["weur"]);
    see({});
    see(SLOW);
    see(SLOW);
    expect(see(BAD)).toMatchObject({ status: "degraded", asks: "weur" });
    expect(see({})).toMatchObject({ status: "degraded", error: "slow: 1500 ms, more than 1000 ms" });
  });
});
