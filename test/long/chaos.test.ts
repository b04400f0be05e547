/** A minute of `npm run bench -- chaos`, and one and a half on a platform at its worst; CHAOS_SEED names another seed. */
import { expect, test } from "vitest";
import { readable } from "../chaos/chaos-oracle.ts";
import { seedFrom } from "../chaos/chaos-schedule.ts";
import { type ChaosRun, runChaos } from "../chaos/run-chaos.ts";

const seed = seedFrom(process.env.CHAOS_SEED);
const MINUTE: ChaosRun = {
  seed: seed ?? 100,
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
/** Objects that are far need five seconds more: an outage must last for longer, and the run for more of them. */
const FAR: ChaosRun = { ...MINUTE, seed: seed ?? 101, durationMs: 90_000, far: true, slackMs: 11_000 };

test("a hub that is killed, paused and cut off says of every service what it did", { timeout: 300_000 }, async () => {
  expect(await outagesOf(MINUTE)).toBeGreaterThan(10);
});

test("so does one whose objects are far away, and to which a part of its messages comes again", {
  timeout: 400_000,
}, async () => {
  expect(await outagesOf(FAR)).toBeGreaterThan(10);
});

/** How many the hub saw. Fails when the hub said anything that was not so. */
async function outagesOf(options: ChaosRun): Promise<number> {
  const { deviations, outages, plan, ...report } = await runChaos(options, () => {});
  const { blips, undecided, unknowns, slowest, restarts, settled, platform, log } = report;
  console.log({ seed: plan.seed, outages, blips, undecided, unknowns, slowest, restarts, settled, platform, log });
  expect(readable(deviations)).toEqual([]);
  if (options.far) expect(platform?.calls.worker).toBeGreaterThan(0);
  return outages;
}
