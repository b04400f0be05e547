/** How often core's rules call a service down that is not, and how soon they see an outage, over simulated months. */
import { simulate, type World } from "../core/simulation.ts";
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
/** A world in which more outages are silence. */
const SLOWER_WORLD = 0.7;

export const simulationBench: Bench = {
  names: ["simulation"],
  about: `${MONTH.services} services over ${MONTH.days} simulated days: false downs, detection time`,
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
    ];
  },
};

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
