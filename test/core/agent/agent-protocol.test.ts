import { describe, expect, test } from "vitest";
import { type ReportedObservation, refusalOf } from "../../../src/core/agent/agent-protocol.ts";
import { aCheck, T0 } from "../fixtures.ts";

const MINUTE = 60_000;
/** 60 s interval, 3 retries, 5 s timeout: two intervals, and four attempts with 8 s before each at most twice over. */
const check = aCheck({ health_interval: 60, health_retries: 3, health_timeout: 5, rev: 2 });

const reported = (over: Partial<ReportedObservation> = {}): ReportedObservation => ({
  service_id: check.service_id,
  rev: 2,
  due_at: T0,
  attempt: 0,
  at: T0,
  verdict: "ok",
  latency_ms: 3,
  error: null,
  details: {},
  ...over,
});

describe("an observation of an agent", () => {
  test.each<[string, Partial<ReportedObservation>]>([
    ["made when its round was due", {}],
    ["by a clock that is a little ahead", { at: T0 + MINUTE }],
    ["of an older revision, which its lane drops", { rev: 1 }],
    ["a little before its round was due", { due_at: T0 + MINUTE }],
    ["at the end of the longest chain of retries, by an agent that was busy", { due_at: T0 - 204_000 }],
  ])("%s is taken in", (_, over) => {
    expect(refusalOf(reported(over), check, T0)).toBeNull();
  });

  test.each<[string, Partial<ReportedObservation>, RegExp]>([
    ["in the future", { at: T0 + MINUTE + 1, due_at: T0 + MINUTE }, /in the future; the agent's clock is wrong/],
    ["of a revision that the hub does not know", { rev: 3 }, /no such revision yet/],
    ["long before its round was due", { due_at: T0 + MINUTE + 1 }, /not made when its round was due/],
    ["long after the longest chain of retries", { due_at: T0 - 204_001 }, /not made when its round was due/],
    ["of a round at the beginning of time", { due_at: 0 }, /not made when its round was due/],
  ])("%s is refused", (_, over, reason) => {
    expect(refusalOf(reported(over), check, T0)).toMatch(reason);
  });

  test("of a time that the history keeps no more is refused", () => {
    const old = reported({ at: T0 - 10 * MINUTE, due_at: T0 - 10 * MINUTE });
    expect(refusalOf(old, check, T0, T0 - 10 * MINUTE)).toBeNull();
    expect(refusalOf(old, check, T0, T0 - 10 * MINUTE + 1)).toMatch(/older than what the history keeps/);
  });

  test("of a service that the agent does not have is refused", () => {
    expect(refusalOf(reported(), undefined, T0)).toBe("this agent has no such service");
  });
});
