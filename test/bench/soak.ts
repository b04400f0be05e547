/** A busy hub over half an hour: does its memory stay where it is? */
import { startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench } from "./bench.ts";
import type { Figure } from "./figure.ts";
import { loadAverage, treeMemoryMib } from "./process-tree.ts";
import { registerServices } from "./registered.ts";
import { startTarget } from "./target-process.ts";

const SERVICES = 2_000;
const INTERVAL_S = 5;
const MINUTE_MS = 60_000;
const MINUTES = 30;
/** The start is not counted: heaps find their size in it. */
const COUNTED_MINUTES = 20;
/** Memory goes up and down with the garbage; the mean of some minutes is compared. */
const MEAN_OF_MINUTES = 5;
const SAMPLES_A_MINUTE = 12;

export const soakBench: Bench = {
  names: ["soak"],
  about: `growth of memory with ${SERVICES} services at ${INTERVAL_S} s over ${MINUTES} minutes`,
  async run({ progress }) {
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"], underNpm: true });
    try {
      await registerServices(hub, { count: SERVICES, interval: INTERVAL_S, target, progress });
      const minutes: number[] = [];
      for (let minute = 0; minute < MINUTES; minute++) {
        minutes.push(await meanMemory(hub.pid));
        await target.takeAnswers();
        progress(`minute ${minute + 1}: ${minutes.at(-1)?.toFixed(0)} MiB, load average ${loadAverage()}`);
      }
      return [growthFigure(minutes)];
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

/** The mean over a minute, MiB. */
async function meanMemory(pid: number): Promise<number> {
  let sum = 0;
  for (let sample = 0; sample < SAMPLES_A_MINUTE; sample++) {
    await sleep(MINUTE_MS / SAMPLES_A_MINUTE);
    sum += treeMemoryMib(pid);
  }
  return sum / SAMPLES_A_MINUTE;
}

function growthFigure(minutes: readonly number[]): Figure {
  const counted = minutes.slice(-COUNTED_MINUTES);
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
  const [first, last] = [mean(counted.slice(0, MEAN_OF_MINUTES)), mean(counted.slice(-MEAN_OF_MINUTES))];
  return {
    name: `soak: growth of memory over the last ${COUNTED_MINUTES} minutes, ${SERVICES} services at ${INTERVAL_S} s`,
    value: (last / first - 1) * 100,
    unit: "%",
    limit: 2,
    better: "lower",
    note: `MiB by minute: ${minutes.map((value) => value.toFixed(0)).join(", ")}; load average ${loadAverage()}`,
  };
}
