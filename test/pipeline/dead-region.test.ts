/** The rules for connections, rounds and retries together, in simulated time and with the platform's limits. */
import { expect, it } from "vitest";
import { MAX_ELSEWHERE } from "../../src/core/lane/slots.ts";
import { simulateRegion } from "../bench/dead-region.ts";

const SPREAD = { batch: 3, spreads: true, seed: 7 };
const INTERVAL_S = 30;

it("a region that drops every packet is down as soon as one service is, and its neighbours are checked in time", async () => {
  const one = await simulateRegion({ dead: 1, healthy: 23, ...SPREAD });
  const region = await simulateRegion({ dead: 240, healthy: 48, ...SPREAD });
  expect(region.unseen).toBe(0);
  expect(region.inconclusive).toBe(0);
  expect(region.downAfterS.at(-1)).toBeLessThan((one.downAfterS[0] ?? Number.NaN) + 10);
  expect(region.longestGapS).toBeLessThan(INTERVAL_S + 2);
  expect(region.queued).toBe(0); // nothing ever waits for the platform, where a timeout would run
  expect(region.invocations).toBeLessThanOrEqual(1 + MAX_ELSEWHERE);
});

it("without further invocations they hold up each other, as the simulation must show", async () => {
  const region = await simulateRegion({ dead: 240, healthy: 48, ...SPREAD, spreads: false });
  expect(region.downAfterS.at(-1)).toBeGreaterThan(120);
  expect(region.longestGapS).toBeGreaterThan(60);
});
