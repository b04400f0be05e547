import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CHECKS_ELSEWHERE, MAX_ELSEWHERE } from "../../src/core/lane/slots.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { Elsewhere } from "../../src/probes/elsewhere.ts";
import { aCheck, anObservation } from "../core/fixtures.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const checks = (count: number): Check[] =>
  Array.from({ length: count }, (_, service_id) => aCheck({ service_id, health_timeout: 5 }));
/** Its latency tells whose it is. */
const seen = ({ service_id }: Check): Observation => anObservation({ latency_ms: service_id });

async function hand(elsewhere: Elsewhere, all: Check[], ms = 1_000): Promise<(number | null)[]> {
  const found = all.map((check) => elsewhere.probe(check));
  await vi.advanceTimersByTimeAsync(ms);
  return (await Promise.all(found)).map((observation) => observation?.latency_ms ?? null);
}

it("checks that give up waiting at about the same time share invocations, a few in each", async () => {
  const parts: number[] = [];
  const elsewhere = new Elsewhere(async (part) => {
    parts.push(part.length);
    return part.map(seen);
  });
  expect(await hand(elsewhere, checks(2 * CHECKS_ELSEWHERE + 1))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(parts).toEqual([CHECKS_ELSEWHERE, CHECKS_ELSEWHERE, 1]);
});

it("an invocation that fails sends its checks back, and no others", async () => {
  const elsewhere = new Elsewhere((part) =>
    part.some(({ service_id }) => service_id === 1)
      ? Promise.reject(new Error("reset"))
      : Promise.resolve(part.map(seen)),
  );
  expect(await hand(elsewhere, checks(4))).toEqual([null, null, null, 3]);
});

it("an invocation that can't even begin sends its checks back", async () => {
  const elsewhere = new Elsewhere(() => {
    throw new TypeError("there is no such entry point");
  });
  expect(await hand(elsewhere, checks(1))).toEqual([null]);
});

it("an invocation that never answers sends its checks back when no probe can still be running", async () => {
  const elsewhere = new Elsewhere(() => new Promise(() => {}));
  expect(await hand(elsewhere, checks(1), 16_000)).toEqual([null]);
});

it("an answer that leaves a check out sends this one back", async () => {
  const elsewhere = new Elsewhere(async ([first]) => (first === undefined ? [] : [seen(first)]));
  expect(await hand(elsewhere, checks(2))).toEqual([0, null]);
});

it("no more invocations are begun than the platform allows a request", async () => {
  let begun = 0;
  const elsewhere = new Elsewhere(async (part) => {
    begun += 1;
    return part.map(seen);
  });
  const found = await hand(elsewhere, checks((MAX_ELSEWHERE + 2) * CHECKS_ELSEWHERE));
  expect(begun).toBe(MAX_ELSEWHERE);
  expect(found.filter((each) => each === null)).toHaveLength(2 * CHECKS_ELSEWHERE);
});
