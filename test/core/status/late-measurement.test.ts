import { expect, it } from "vitest";
import { seenAt, withoutLateness } from "../../../src/core/status/late-measurement.ts";
import { aFailure, anObservation } from "../fixtures.ts";

it("a look during which nothing stood still is left as it is", () => {
  const found = anObservation({ latency_ms: 40 });
  expect(withoutLateness(found, { late_ms: 0, took_ms: 40, timedOut: false })).toBe(found);
});

it("a latency that is mostly the observer's own is none", () => {
  const found = anObservation({ latency_ms: 9_535, details: { version: "1" } });
  expect(withoutLateness(found, { late_ms: 9_000, took_ms: 9_535, timedOut: false })).toMatchObject({
    verdict: "ok",
    latency_ms: null,
    details: { version: "1", late_ms: 9_000 },
  });
});

it("a latency that is a little too long stays", () => {
  const found = anObservation({ latency_ms: 1_000 });
  expect(withoutLateness(found, { late_ms: 200, took_ms: 1_000, timedOut: false })).toBe(found);
});

it("a timeout that the observer slept through says nothing of the target", () => {
  const found = aFailure({ error: "timeout after 5 s: connecting" });
  expect(withoutLateness(found, { late_ms: 4_000, took_ms: 5_100, timedOut: true })).toMatchObject({
    verdict: "inconclusive",
    error: "the check was late by 4.0 s itself: timeout after 5 s: connecting",
  });
  expect(withoutLateness(found, { late_ms: 400, took_ms: 5_100, timedOut: true })).toBe(found);
});

it("a refusal is a refusal, however late it was heard", () => {
  const found = aFailure({ error: "connect: refused" });
  expect(withoutLateness(found, { late_ms: 4_000, took_ms: 4_100, timedOut: false })).toBe(found);
});

it("a target that answered through a standstill is well by the end of the look only", () => {
  const look = { from: 1_000, to: 7_000 };
  const details = { late_ms: 5_900 };
  expect(seenAt(anObservation(), look)).toBe(1_000);
  expect(seenAt(anObservation({ details }), look)).toBe(7_000);
  expect(seenAt(anObservation({ verdict: "warn", details }), look)).toBe(7_000);
  expect(seenAt(aFailure({ details }), look)).toBe(1_000);
});
