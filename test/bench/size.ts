/** How memory, the work for a check, the backlog and the bill change with the number of services. */
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { billAt } from "./bill.ts";
import { settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { startMeteredHub } from "./metered-hub.ts";
import { loadAverage, treeCpuMs, treeMemoryMib } from "./process-tree.ts";
import { registerServices } from "./registered.ts";
import { drainBacklog } from "./scale.ts";
import { startTarget, type Target } from "./target-process.ts";

interface Size {
  services: number;
  /** Seconds. */
  interval: number;
  /** MiB; null: printed only. */
  memory: number | null;
  /** Milliseconds; null: printed only. */
  cpu: number | null;
}

const SIZES: readonly Size[] = [
  { services: 0, interval: 60, memory: 350, cpu: null },
  { services: 100, interval: 20, memory: null, cpu: null },
  { services: 1_000, interval: 20, memory: 450, cpu: 0.55 },
  { services: 2_000, interval: 20, memory: null, cpu: null },
  { services: 5_000, interval: 60, memory: null, cpu: null },
  { services: 10_000, interval: 60, memory: 800, cpu: 0.6 },
];
const IDLE_MS = 30_000;
/** A whole minute, so that it holds one plan of all the services. */
const COUNT_MS = 60_000;
const SAMPLES = 6;
const BILLED_MINUTES = 1;
const BILLED_INTERVAL_S = 30;

export const sizeBench: Bench = {
  names: ["size"],
  about: `memory, CPU per check, backlog and bill with ${SIZES.map(({ services }) => services).join(", ")} services`,
  async run({ progress }) {
    const figures: Figure[] = [];
    for (const size of SIZES) figures.push(...(await measureSize(size, progress)));
    // The bill is counted, not timed, and always at the interval of its own.
    for (const { services } of SIZES) {
      const load = { services, interval: BILLED_INTERVAL_S, minutes: BILLED_MINUTES };
      if (services > 0) figures.push(await billAt(await startMeteredHub(), load, progress));
    }
    return figures;
  },
};

async function measureSize(size: Size, progress: BenchContext["progress"]): Promise<Figure[]> {
  const target = await startTarget();
  const hub = await startHub({ args: ["--quiet"], underNpm: true });
  try {
    if (size.services === 0) {
      await sleep(IDLE_MS);
      return [memoryFigure(size, [treeMemoryMib(hub.pid)])];
    }
    await registerServices(hub, { count: size.services, interval: size.interval, target, progress });
    await settled(hub.state, progress);
    const counted = await countChecks(size, hub, target);
    await hub.restart({ underNpm: false, ticking: true });
    const drained = await drainBacklog(hub, target, size.services, progress);
    return [...counted, { ...drained, name: `size: backlog, ${size.services} services`, limit: null }];
  } finally {
    await hub.remove();
    await target.stop();
  }
}

async function countChecks(size: Size, hub: HubProcess, target: Target): Promise<Figure[]> {
  await target.takeAnswers();
  const before = treeCpuMs(hub.pid);
  const memory: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) {
    await sleep(COUNT_MS / SAMPLES);
    memory.push(treeMemoryMib(hub.pid));
  }
  const used = treeCpuMs(hub.pid) - before;
  const checks = (await target.takeAnswers()).times.length;
  return [
    memoryFigure(size, memory),
    {
      name: `size: CPU a check, ${size.services} services at ${size.interval} s`,
      value: used / checks,
      unit: "ms",
      limit: size.cpu,
      better: "lower",
      note: `${Math.round(used)} ms for ${checks} checks; load average ${loadAverage()}`,
    },
  ];
}

function memoryFigure({ services, interval, memory }: Size, samples: readonly number[]): Figure {
  return {
    name: `size: memory, ${services === 0 ? "idle" : `${services} services at ${interval} s`}`,
    value: Math.max(...samples),
    unit: "MiB",
    limit: memory,
    better: "lower",
    note: `the largest of ${samples.join(", ")}; npm included; load average ${loadAverage()}`,
  };
}
