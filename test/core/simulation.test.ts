import { expect, it } from "vitest";
import { simulate } from "./simulation.ts";

/** A month takes ten seconds alone, and more beside all other tests. */
const TIMEOUT_MS = 60_000;

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
