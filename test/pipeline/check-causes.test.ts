import { expect, test } from "vitest";
import type { ProbeMessage } from "../../src/core/lane/queue-messages.ts";
import type { Check } from "../../src/core/service/check.ts";
import { Recently } from "../../src/core/time/recently.ts";
import { type CheckCausesDeps, checkCauses, MAX_CAUSES } from "../../src/pipeline/check-causes.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

function hub(needed: Check[], over: Partial<CheckCausesDeps> = {}) {
  const sent: ProbeMessage[] = [];
  const errors: unknown[] = [];
  const asked: [readonly number[], number][] = [];
  const deps: CheckCausesDeps = {
    now: () => T0,
    dependenciesOf: async (ids, limit) => {
      asked.push([ids, limit]);
      return needed;
    },
    claim: async (ids) => ids,
    send: async (messages) => void sent.push(...messages),
    failed: (error) => void errors.push(error),
    ...over,
  };
  return { deps, sent, errors, asked, services: () => sent.flatMap(({ checks }) => checks.map((c) => c.service_id)) };
}
const services = (...ids: number[]) => ids.map((service_id) => aCheck({ service_id, lane: 3_000_000 + service_id }));

test("what failing services need is checked at once, from home", async () => {
  const { deps, sent, services: checked, asked } = hub(services(2, 3));
  await checkCauses(services(1), deps);
  expect(asked).toEqual([[[1], MAX_CAUSES]]);
  expect(checked()).toEqual([2, 3]);
  expect(sent[0]).toMatchObject({ vantage: "home", round: { attempt: 0 } });
});

test("nobody is asked when nothing fails, and nothing is sent for what needs nothing or fails already", async () => {
  const { deps, asked, sent } = hub(services(1, 2));
  await checkCauses([], deps);
  expect(asked).toEqual([]);
  await checkCauses(services(1, 2), deps);
  expect(sent).toEqual([]);
});

test("only what is claimed is checked, and an error of the hub is told and goes no further", async () => {
  const claimed = hub(services(2, 3), { claim: async () => [3] });
  await checkCauses(services(1), claimed.deps);
  expect(claimed.services()).toEqual([3]);
  const away = hub([], { dependenciesOf: () => Promise.reject(new Error("away")) });
  await checkCauses(services(1), away.deps);
  expect(away.errors).toEqual([new Error("away")]);
});

test("a service is claimed at most once in its time, whether it was checked or claimed before", () => {
  const recently = new Recently(5_000);
  expect(recently.claim(1, null, T0)).toBe(true);
  expect(recently.claim(1, null, T0 + 4_999)).toBe(false);
  expect(recently.claim(1, T0 + 4_000, T0 + 6_000)).toBe(false);
  expect(recently.claim(1, T0 + 1_000, T0 + 6_000)).toBe(true);
  expect(recently.claim(2, T0 + 5_999, T0 + 6_000)).toBe(false);
  expect(recently.claim(3, T0 + 86_400_000, T0 + 6_000)).toBe(false); // a mark in the future counts as now
  expect(recently.claim(3, T0 + 86_400_000, T0 + 12_000)).toBe(false);
});
