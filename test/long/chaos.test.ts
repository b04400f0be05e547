/** A minute of `npm run bench -- chaos`; CHAOS_SEED names another seed. */
import { expect, test } from "vitest";
import { readable } from "../chaos/chaos-oracle.ts";
import { type ChaosOptions, seedFrom } from "../chaos/chaos-schedule.ts";
import { runChaos } from "../chaos/run-chaos.ts";

const SEED = 100;
const MINUTE: ChaosOptions = {
  seed: seedFrom(process.env.CHAOS_SEED) ?? SEED,
  durationMs: 60_000,
  services: { hub: 56, agent: 0, heartbeat: 4 },
  intervals: [5],
  slackMs: 6_000, // other tests run beside it
  disturbances: [
    { kind: "tick late", times: 1, lasts: 6_000 },
    { kind: "tick twice", times: 1, lasts: 0 },
    { kind: "kill", times: 1, lasts: 0 },
    { kind: "pause", times: 1, lasts: 4_000 },
    { kind: "lock", times: 1, lasts: 5_000 },
    { kind: "relay", times: 1, lasts: 8_000 },
  ],
};

test("a hub that is killed, paused and cut off says of every service what it did", { timeout: 300_000 }, async () => {
  const report = await runChaos(MINUTE, () => {});
  const { outages, blips, undecided, unknowns, slowest, restarts, settled, log } = report;
  console.log({ seed: MINUTE.seed, outages, blips, undecided, unknowns, slowest, restarts, settled, log });
  expect(readable(report.deviations)).toEqual([]);
  expect(outages).toBeGreaterThan(10);
});
