import { describe, expect, it } from "vitest";
import type { Check } from "../../../src/core/service/check.ts";
import type { Observation } from "../../../src/core/service/records.ts";
import { beatsAfter, isRepeatedBeat, type KnownBeats, repeatedWithin } from "../../../src/core/status/repeated-beat.ts";
import { observe } from "../../../src/core/status/state-machine.ts";
import { aCheck, anObservation, aRound, T0 } from "../fixtures.ts";

const beating = aCheck({ health_method: "heartbeat", health_url: "", health_interval: 40, recorded_status: "up" });
const beat = (at: number, over: Partial<Observation> = {}) => anObservation({ at, latency_ms: 0, ...over });

/** Whether the second of two beats is a repetition of the first. */
const OFTEN: KnownBeats = { toldAt: T0, isOften: true, isRepeated: false };

function repeats(
  second: Observation,
  over: { check?: Check; known?: KnownBeats | undefined; first?: Observation } = {},
) {
  const { check = beating, first = beat(T0) } = over;
  const step = (state: Parameters<typeof observe>[0], observation: Observation) => {
    const round = aRound({ due_at: observation.at });
    const next = observe(state, { check, round, observation, vantages: [], random: 0 });
    if (next === null) throw new Error("the beat was refused");
    return next.state;
  };
  const before = step(null, first);
  const after = step(before, second);
  return isRepeatedBeat(check, { before, after, observation: second, known: "known" in over ? over.known : OFTEN });
}

describe("a beat that says the same", () => {
  it("is a repetition within a quarter of the interval after one that was told", () => {
    expect(repeats(beat(T0 + 9_999))).toBe(true);
    expect(repeats(beat(T0 + 10_000))).toBe(false);
  });
  it("is one for fifteen seconds at most, and never for other methods", () => {
    expect(repeatedWithin({ ...beating, health_interval: 86_400 })).toBe(15_000);
    expect(repeatedWithin({ ...beating, health_method: "http" })).toBe(0);
  });
  it("is none when nobody knows whether the one before was told", () => {
    expect(repeats(beat(T0 + 1_000), { known: undefined })).toBe(false);
    expect(repeats(beat(T0 + 1_000), { known: { ...OFTEN, toldAt: T0 + 2_000 } })).toBe(false);
  });
  it("is none when it is the second: its sender may not have heard that the first was taken in", () => {
    const first = beatsAfter(beating, undefined, T0);
    expect(repeats(beat(T0 + 1_000), { known: first })).toBe(false);
    const second = beatsAfter(beating, first, T0 + 1_000);
    expect(second).toMatchObject({ toldAt: T0 + 1_000, isOften: true });
    expect(beatsAfter(beating, second, T0 + 30_000)).toMatchObject({ isOften: false });
    expect(beatsAfter(beating, { ...second, isRepeated: true }, T0 + 30_000)).toMatchObject({ isOften: true });
  });
});

it.each([
  ["a failure", { verdict: "fail", error: "heartbeat: broken" }],
  ["a warning", { verdict: "warn", error: "heartbeat: slow" }],
  ["another version", { details: { version: "2" } }],
  ["another detail", { details: { queue: 3 } }],
] satisfies [string, Partial<Observation>][])("%s is told at once", (_what, over) => {
  expect(repeats(beat(T0 + 1_000, over))).toBe(false);
});

it("what follows a failure is told at once", () => {
  expect(repeats(beat(T0 + 1_000), { first: beat(T0, { verdict: "fail", error: "heartbeat: broken" }) })).toBe(false);
});

it("a flip that is not recorded yet is handed over again", () => {
  expect(repeats(beat(T0 + 1_000), { check: { ...beating, recorded_status: "unknown" } })).toBe(false);
});
