import { expect, it } from "vitest";
import { simulateCauses } from "./cause-simulation.ts";
import { FAR, HOURS, HOURS_FAR } from "./simulated-hours.ts";
import { simulate } from "./simulation.ts";
import { simulateTrouble } from "./simulation-of-trouble.ts";

/** A month takes ten seconds alone, and more beside all other tests. */
const TIMEOUT_MS = 60_000;
/** Hours of a hub and an agent in trouble are more work, and their agent writes to the disk. */
const TROUBLE_TIMEOUT_MS = 240_000;

// About 350 outages, so that the median is known to some seconds; `npm run bench -- simulation` has more.
const MONTH = { services: 24, days: 30, seed: 20_261_105, loss: 0.003, quick_failures: 0.85 };

it(
  "over a month with three vantages calls almost nobody down wrongly, and sees an outage within seconds",
  () => {
    const verdicts = simulate({ ...MONTH, vantages: ["weur", "enam", "apac"] });
    console.log(JSON.stringify(verdicts));
    expect(verdicts.outages).toBeGreaterThan(100);
    expect(verdicts.false_down_rate).toBeLessThanOrEqual(0.01);
    expect(verdicts.detection_p50_s).toBeLessThanOrEqual(27);
    expect(verdicts.missed / verdicts.outages).toBeLessThan(0.02);
  },
  TIMEOUT_MS,
);

it(
  "over the same month with two of three vantages broken sees every outage, hardly later",
  () => {
    const verdicts = simulate({ ...MONTH, services: 12, vantages: ["weur", "enam", "apac"], broken: ["weur", "apac"] });
    console.log(JSON.stringify(verdicts));
    expect(verdicts.false_down_rate).toBeLessThanOrEqual(0.01);
    expect(verdicts.detection_p50_s).toBeLessThanOrEqual(27);
    expect(verdicts.missed / verdicts.outages).toBeLessThan(0.02);
  },
  TIMEOUT_MS,
);

it(
  "over the same month from one place only pays for every trouble of that place with a false outage",
  () => {
    const verdicts = simulate({ ...MONTH, services: 6, vantages: [] });
    console.log(JSON.stringify(verdicts));
    expect(verdicts.false_down_rate).toBeGreaterThan(0.05);
  },
  TIMEOUT_MS,
);

it(
  "a service that struggles is called up wrongly far more seldom when three passes end an outage, and hardly later",
  () => {
    const world = { ...MONTH, services: 12, vantages: ["weur", "enam", "apac"], struggle: 0.25 };
    const [one, three] = [simulate({ ...world, recover_after: 1 }), simulate({ ...world, recover_after: 3 })];
    console.log(JSON.stringify({ one, three }));
    expect(one.false_ups).toBeGreaterThan(20);
    expect(three.false_ups).toBeLessThan(one.false_ups / 3);
    expect(three.recovery_p50_s - one.recovery_p50_s).toBeLessThan(6);
  },
  TIMEOUT_MS,
);

it(
  "the root cause of an outage is known within seconds of the first word about it, when causes are checked at once",
  () => {
    const world = { outages: 300, seed: 7 };
    const before = simulateCauses({ ...world, causesAtOnce: false });
    const after = simulateCauses({ ...world, causesAtOnce: true });
    console.log(JSON.stringify({ before, after }));
    expect(before.after_3_s).toBeLessThan(0.5);
    expect(after.after_3_s).toBeGreaterThan(0.95);
    expect(after.after_10_s).toBeGreaterThan(0.99);
    expect(after.first_word_p50_s).toBeLessThanOrEqual(before.first_word_p50_s + 1);
  },
  TIMEOUT_MS,
);

it(
  "over hours of long outages, standstills, killed agents, clocks that step and objects that fail says what happened",
  async () => {
    const { deviations, outages, undecided, unknowns, checks } = await simulateTrouble({ ...HOURS, seed: 20_261_129 });
    console.log(JSON.stringify({ outages, undecided, unknowns, checks }));
    expect(deviations).toEqual([]);
    expect(outages).toBeGreaterThan(80);
    expect(undecided).toBe(0);
  },
  TROUBLE_TIMEOUT_MS,
);

it(
  "with objects on another continent, rounds that come again after they were done, and a cron that is late, doubled or lost, too",
  async () => {
    const { deviations, outages, undecided, checks } = await simulateTrouble({ ...HOURS_FAR, seed: 20_261_130 }, FAR);
    console.log(JSON.stringify({ outages, undecided, checks }));
    expect(deviations).toEqual([]);
    expect(outages).toBeGreaterThan(80);
    expect(undecided).toBe(0);
  },
  TROUBLE_TIMEOUT_MS,
);
