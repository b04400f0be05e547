/** How often core's rules call a service down that is not, and how soon they see an outage, over simulated months. */
import { readable } from "../chaos/chaos-oracle.ts";
import { seedFrom } from "../chaos/chaos-schedule.ts";
import { simulateCauses } from "../core/cause-simulation.ts";
import { HOURS } from "../core/simulated-hours.ts";
import { simulate, type World } from "../core/simulation.ts";
import { simulateTrouble } from "../core/simulation-of-trouble.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";

const MONTH: World = {
  services: 200,
  days: 30,
  vantages: ["weur", "enam", "apac"],
  seed: 20_261_105,
  loss: 0.003,
  quick_failures: 0.85,
};
const HOUR_MS = 3_600_000;
/** A world in which more outages are silence. */
const SLOWER_WORLD = 0.7;

export const simulationBench: Bench = {
  names: ["simulation"],
  about: `${MONTH.services} services over ${MONTH.days} simulated days, and hours of trouble (CHAOS_SEED names the first)`,
  async run({ progress }) {
    progress("simulating");
    const month = simulate(MONTH);
    const slower = simulate({ ...MONTH, quick_failures: SLOWER_WORLD });
    const sample = `${month.outages} outages, ${month.missed} unseen, ${month.checks} checks`;
    return [
      {
        name: "simulation: false downs per service and day",
        value: month.false_down_rate,
        unit: "",
        limit: 0.01,
        better: "lower",
        note: `${month.false_downs} in ${MONTH.services * MONTH.days} service days; ${sample}`,
      },
      detection("p50", month.detection_p50_s, 25, MONTH.quick_failures),
      detection("p95", month.detection_p95_s, null, MONTH.quick_failures),
      detection("p50", slower.detection_p50_s, null, SLOWER_WORLD),
      detection("p95", slower.detection_p95_s, null, SLOWER_WORLD),
      ...[false, true].map(causeKnown),
      ...[1, 3].map(falseUps),
      await deviations(progress),
    ];
  },
};

const TROUBLES = 5;

/** Hours of a hub and an agent in trouble, each from another seed. */
async function deviations(progress: (line: string) => void): Promise<Figure> {
  const first = seedFrom(process.env.CHAOS_SEED) ?? Math.floor(Math.random() * 1_000_000);
  let [wrong, outages] = [0, 0];
  for (let seed = first; seed < first + TROUBLES; seed++) {
    const upset = await simulateTrouble({ ...HOURS, seed });
    for (const line of readable(upset.deviations)) progress(`seed ${seed}: ${line}`);
    wrong += upset.deviations.length;
    outages += upset.outages;
  }
  return {
    name: "simulation: deviations in hours of trouble",
    value: wrong,
    unit: "",
    limit: 0,
    better: "lower",
    note: `${outages} outages in ${TROUBLES} times ${HOURS.durationMs / HOUR_MS} hours, seeds from ${first} on`,
  };
}

const OUTAGES = 300;

/** How often the root cause of an outage is known soon after the first word about it. */
function causeKnown(causesAtOnce: boolean): Figure {
  const { at_once, after_3_s, after_10_s } = simulateCauses({ outages: OUTAGES, seed: 7, causesAtOnce });
  return {
    name: `simulation: root cause known 3 s after the first word, ${causesAtOnce ? "causes checked at once" : "by the schedule alone"}`,
    value: 100 * after_3_s,
    unit: "%",
    limit: causesAtOnce ? 95 : null,
    better: "higher",
    note: `${Math.round(100 * at_once)} % with the first word, ${Math.round(100 * after_10_s)} % after 10 s; ${OUTAGES} outages of 31 services`,
  };
}

/** A service that is started again and again: its checks pass now and then. */
function falseUps(recover_after: number): Figure {
  const { false_ups, outages, recovery_p50_s } = simulate({ ...MONTH, services: 12, struggle: 0.25, recover_after });
  return {
    name: `simulation: outages called over too early, recover_after ${recover_after}`,
    value: false_ups,
    unit: "",
    limit: null,
    better: "lower",
    note: `${outages} outages in which every fourth check passes; recovery told after ${recovery_p50_s.toFixed(1)} s`,
  };
}

function detection(part: string, value: number, limit: number | null, quick: number): Figure {
  return {
    name: `simulation: detection ${part} at 30 s, ${Math.round(quick * 100)} % of outages fail quickly`,
    value,
    unit: "s",
    limit,
    better: "lower",
    note: `the other ${Math.round((1 - quick) * 100)} % answer nothing until the timeout of 5 s`,
  };
}
