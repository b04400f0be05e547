import { expect, test } from "vitest";
import { reported } from "../../src/agent/reported.ts";
import { agentReportSchema } from "../../src/core/agent/agent-protocol.ts";
import { anObservation, T0 } from "../core/fixtures.ts";

const place = [
  { service_id: 7, rev: 2 },
  { due_at: T0, attempt: 1 },
] as const;

test("an observation keeps its place and what it found", () => {
  const found = anObservation({ at: T0 + 1.4, details: { version: "1.2", load: 0.5, ready: true, none: null } });
  expect(reported(...place, found)).toEqual({
    service_id: 7,
    rev: 2,
    due_at: T0,
    attempt: 1,
    at: T0 + 1,
    verdict: "ok",
    latency_ms: 12,
    error: null,
    details: { version: "1.2", load: 0.5, ready: true, none: null },
  });
});

test("whatever a target says, the hub takes it", () => {
  const wild = "\u0000\u001b[31m\ud83d line\n".repeat(200);
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`d${k}`, k]));
  const details = { version: wild, nothing: undefined, broken: Number.NaN, ["x".repeat(65)]: 1, ...many };
  const found = reported(...place, anObservation({ verdict: "fail", error: wild, latency_ms: -3, details }));
  const report = { version: "1", host: "m", problem: null, waiting: 0, dropped: 0, observations: [found] };
  expect(agentReportSchema.safeParse(report).error).toBeUndefined();
  expect(found.details.version).toContain("line");
  expect(Object.keys(found.details)).not.toContain("broken");
  expect(found.latency_ms).toBe(0);
});

test("a hub that is older than its agent passes over what it does not know", () => {
  const found = { ...reported(...place, anObservation()), mood: "good" };
  const report = {
    version: "9",
    host: "m",
    problem: null,
    waiting: 0,
    dropped: 0,
    observations: [found],
    mood: "good",
  };
  expect(agentReportSchema.parse(report).observations[0]).not.toHaveProperty("mood");
});
