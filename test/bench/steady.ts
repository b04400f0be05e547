/** A hub in steady state: are checks done when they are due, how fast are they heard of, what do they cost in CPU? */
import { dueTimes, type Window } from "../../src/core/lane/schedule.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { recordedChecks, scheduledServices, settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { type LiveClient, watchLive } from "./live-client.ts";
import { loadAverage, treeCpuMs, treeMemoryMib } from "./process-tree.ts";
import { quantile, spread } from "./quantile.ts";
import { registerServices } from "./registered.ts";
import { type Answers, startTarget, type Target } from "./target-process.ts";
import { doneInTime, liveDelays } from "./timeliness.ts";

const INTERVAL_S = 20;
const SERVICES = 2_000;
const CPU_SERVICES = 1_000;
const HOLD_MS = 180_000;
const LIVE_ALONE_MS = 60_000;
/** Three rounds of each service, and one tick of the cron. */
const CPU_MS = 60_000;
const DONE_WITHIN_MS = 2_000;
/** Later than this, an answer is taken for one that is missing. */
const PATIENCE_MS = 15_000;

export const steadyBench: Bench = {
  names: ["schedule", "live", "cpu"],
  about: `${SERVICES} services at ${INTERVAL_S} s: due checks done in time, delay to a WebSocket; CPU per check at ${CPU_SERVICES}`,
  async run(context) {
    const isTimed = context.wanted("schedule") || context.wanted("live");
    const target = await startTarget();
    const hub = await startHub({ args: ["--quiet"] });
    const register = (first: number, count: number) =>
      registerServices(hub, { first, count, interval: INTERVAL_S, target, progress: context.progress });
    try {
      await register(0, CPU_SERVICES);
      const cpu = context.wanted("cpu") ? [await cpuPerCheck(hub, target, context)] : [];
      if (!isTimed) return cpu;
      await register(CPU_SERVICES, SERVICES - CPU_SERVICES);
      return [...(await holdSchedule(hub, target, context)), ...cpu];
    } finally {
      await hub.remove();
      await target.stop();
    }
  },
};

async function holdSchedule(hub: HubProcess, target: Target, { wanted, progress }: BenchContext): Promise<Figure[]> {
  await settled(hub.state, progress);
  const client = await watchLive(hub.url, hub.token);
  await target.takeAnswers();
  const from = Date.now();
  const to = from + (wanted("schedule") ? HOLD_MS : LIVE_ALONE_MS);
  const before = treeCpuMs(hub.pid);
  while (Date.now() < to) {
    await sleep(Math.min(30_000, to - Date.now()));
    progress(`${Math.round((Date.now() - from) / 1_000)} s held, load average ${loadAverage()}`);
  }
  const cpu = (treeCpuMs(hub.pid) - before) / (to - from);
  await sleep(PATIENCE_MS); // checks that were due at the very end
  const answers = await target.takeAnswers();
  client.close();
  const note = `${Math.round(cpu * 100)} % of a core`;
  return [
    ...(wanted("schedule") ? [scheduleFigure(hub, answers, { from, to }, note)] : []),
    ...(wanted("live") ? [liveFigure(hub, answers, client)] : []),
  ];
}

function scheduleFigure(hub: HubProcess, answers: Answers, window: Window, cpu: string): Figure {
  const due = scheduledServices(hub.state).flatMap(({ number, lane }) =>
    dueTimes(lane, window).map(({ due_at }) => ({ number, due_at })),
  );
  const { late, delays, missed } = doneInTime(due, answers, DONE_WITHIN_MS, PATIENCE_MS);
  const recorded = recordedChecks(hub.state, window);
  const done = Math.min(due.length - late - missed, recorded);
  const told = `${due.length} due, ${late} late, ${missed} missed, ${recorded} recorded`;
  return {
    name: `schedule: done within ${DONE_WITHIN_MS / 1_000} s of due, ${SERVICES} services at ${INTERVAL_S} s`,
    value: (done / due.length) * 100,
    unit: "%",
    limit: 99.9,
    better: "higher",
    note: `${told}; after due, ms: ${spread(delays)}; ${cpu}`,
  };
}

function liveFigure(hub: HubProcess, answers: Answers, { heard }: LiveClient): Figure {
  const numbers = new Map(scheduledServices(hub.state).map(({ id, number }) => [id, number]));
  const delays = liveDelays(heard, numbers, answers);
  return {
    name: "live: target's answer → WebSocket message, p99",
    value: quantile(delays, 0.99),
    unit: "ms",
    limit: 150,
    better: "lower",
    note: `${delays.length} of ${answers.times.length} answers heard of, ms: ${spread(delays)}; load average ${loadAverage()}`,
  };
}

async function cpuPerCheck(hub: HubProcess, target: Target, { progress }: BenchContext): Promise<Figure> {
  await settled(hub.state, progress);
  await target.takeAnswers();
  const before = treeCpuMs(hub.pid);
  progress(`counting CPU for ${CPU_MS / 1_000} s`);
  await sleep(CPU_MS);
  const used = treeCpuMs(hub.pid) - before;
  const checks = (await target.takeAnswers()).times.length;
  return {
    name: `cpu: per check, node and workerd, ${CPU_SERVICES} services at ${INTERVAL_S} s`,
    value: used / checks,
    unit: "ms",
    limit: 0.55,
    better: "lower",
    note: `${Math.round(used)} ms for ${checks} checks; ${treeMemoryMib(hub.pid)} MB of memory; load average ${loadAverage()}`,
  };
}
