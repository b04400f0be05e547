/** `npm run bench -- chaos`: fifteen minutes of what test/long does for one. */

import { readable } from "../chaos/chaos-oracle.ts";
import { type ChaosOptions, seedFrom } from "../chaos/chaos-schedule.ts";
import { type ChaosReport, type ChaosRun, runChaos } from "../chaos/run-chaos.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { loadAverage } from "./process-tree.ts";

const MINUTE_MS = 60_000;
/** So many deviations are in the note of the figure; all of them are printed. */
const LISTED = 20;
/** What `npm run bench -- chaos` does; CHAOS_SEED names a seed. */
const LONG: Omit<ChaosOptions, "seed"> = {
  durationMs: 900_000,
  services: { hub: 260, agent: 30, heartbeat: 10 },
  intervals: [5],
  longOutageEvery: 10,
  disturbances: [
    { kind: "tick lost", times: 1, lasts: 2_000 },
    { kind: "tick late", times: 2, lasts: 12_000 },
    { kind: "tick twice", times: 4, lasts: 0 },
    { kind: "kill", times: 5, lasts: 0 },
    { kind: "pause", times: 4, lasts: 6_000 },
    { kind: "pause", times: 1, lasts: 25_000 },
    { kind: "stall", times: 3, lasts: 9_000 },
    { kind: "rush", times: 2, lasts: 8_000 },
    { kind: "agent kill", times: 4, lasts: 5_000 },
    { kind: "agent pause", times: 4, lasts: 10_000 },
    { kind: "agent pause", times: 1, lasts: 45_000 },
    { kind: "agent clock", times: 4, lasts: 50_000 },
    { kind: "lock", times: 4, lasts: 10_000 },
    { kind: "relay", times: 3, lasts: 40_000 },
    { kind: "link", times: 3, lasts: 25_000 },
  ],
};

/** Each try of a check asks three objects, there and back. */
const FAR = { far: true, slackMs: 7_000 };

/** CHAOS_PLATFORM says how the platform is. Throws when it is a word that means nothing. */
function platformFrom(text: string | undefined): Partial<ChaosRun> {
  if (text === undefined || text === "") return {};
  if (text === "far") return FAR;
  throw new Error(`CHAOS_PLATFORM may be "far", not ${JSON.stringify(text)}`);
}

export const chaosBench: Bench = {
  names: ["chaos"],
  about: [
    `deviations of a hub that is killed, paused and cut off for ${LONG.durationMs / MINUTE_MS} minutes (CHAOS_SEED;`,
    "CHAOS_PLATFORM=far: its objects are 250 ms away, and a fifth of the messages comes again)",
  ].join(" "),
  async run({ progress }) {
    const seed = seedFrom(process.env.CHAOS_SEED) ?? Math.floor(Math.random() * 1_000_000);
    const platform = platformFrom(process.env.CHAOS_PLATFORM);
    progress(`seed ${seed}${platform.far ? ", far" : ""}`);
    const report = await runChaos({ ...LONG, ...platform, seed }, progress);
    for (const line of readable(report.deviations)) progress(line);
    return figures(report);
  },
};

function platformNote(platform: ChaosReport["platform"]): string[] {
  if (platform === null) return [];
  const { calls, messages, repeated } = platform;
  const late = calls.worker + calls.objects;
  return [`since the last kill ${late} calls were late, and ${repeated} of ${messages} messages came again`];
}

function figures(report: ChaosReport): Figure[] {
  const { plan, deviations, outages, blips, undecided, unknowns, slowest, restarts, settled, platform } = report;
  const s = (ms: number) => (ms / 1_000).toFixed(1);
  const what = `chaos${platform === null ? "" : ", far"}: ${plan.services.length} services, ${plan.durationMs / MINUTE_MS} minutes`;
  const lower = { better: "lower" as const };
  return [
    {
      name: `${what}, deviations`,
      value: deviations.length,
      unit: "",
      limit: 0,
      ...lower,
      note: [
        `seed ${plan.seed}: ${outages} outages, ${blips} blips, ${plan.disturbances.length} disturbances`,
        `${undecided} outages undecided, ${unknowns} flips to unknown; load average ${loadAverage()}`,
        ...platformNote(platform),
        ...readable(deviations).slice(0, LISTED),
      ].join("; "),
    },
    {
      name: `${what}, slowest detection`,
      value: slowest.down / 1_000,
      unit: "s",
      limit: null,
      ...lower,
      note: `slowest recovery ${s(slowest.up)} s; the disturbances are in it`,
    },
    {
      name: `${what}, slowest restart`,
      value: Math.max(0, ...restarts) / 1_000,
      unit: "s",
      limit: null,
      ...lower,
      note: `after kill -9, s: ${restarts.map(s).join(", ")}; NATS had everything ${s(settled)} s after the end`,
    },
  ];
}
