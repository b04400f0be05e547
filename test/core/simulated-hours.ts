/** The hours of trouble that the tests and the benchmark simulate. */
import type { ChaosOptions } from "../chaos/chaos-schedule.ts";
import type { Platform } from "./simulation-of-trouble.ts";

const MINUTE_MS = 60_000;

/** The platform at its worst: objects on another continent, rounds that come again, crons that are late, doubled or lost. */
export const FAR: Platform = { hopMs: 250, repeated: 0.2 };
export const HOURS_FAR: Omit<ChaosOptions, "seed"> = {
  durationMs: 180 * MINUTE_MS,
  services: { hub: 30, agent: 6, heartbeat: 0 },
  intervals: [10, 15, 30, 60],
  longOutageEvery: 2,
  openForMs: { least: 10 * MINUTE_MS, most: 40 * MINUTE_MS },
  // Each try of a check asks three objects, there and back.
  slackMs: 7_000,
  disturbances: [
    { kind: "tick lost", times: 2, lasts: 2_000 },
    { kind: "tick late", times: 12, lasts: 9_000 },
    { kind: "tick twice", times: 12, lasts: 100 },
    { kind: "agent kill", times: 1, lasts: 20_000 },
  ],
};

export const HOURS: Omit<ChaosOptions, "seed"> = {
  durationMs: 180 * MINUTE_MS,
  services: { hub: 18, agent: 18, heartbeat: 0 },
  intervals: [5, 10, 15, 30, 55, 75],
  longOutageEvery: 2,
  openForMs: { least: 15 * MINUTE_MS, most: 80 * MINUTE_MS },
  inLaneEvery: 7,
  disturbances: [
    { kind: "tick lost", times: 1, lasts: 2_000 },
    { kind: "stall", times: 4, lasts: 30_000 },
    { kind: "pause", times: 3, lasts: 40_000 },
    { kind: "lane", times: 2, lasts: 180_000 },
    { kind: "agent kill", times: 3, lasts: 20_000 },
    { kind: "agent pause", times: 2, lasts: 60_000 },
    { kind: "hub clock", times: 4, lasts: 150_000 },
  ],
};
