/**
 * A hub at work, a hub without services and a bare loop of `fetch`, on one machine at one time: what does a hub cost
 * beside a program that only probes? Whatever else the machine does slows all three alike.
 */
import { accepted } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { sleep } from "../processes/patience.ts";
import type { LoopCounts } from "./bare-loop.ts";
import { type BareLoop, startBareLoop } from "./bare-loop-process.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { besideFigures, type HubMemory, type Minute, mean, minuteLine, minutesFrom } from "./beside-figures.ts";
import { settled } from "./database.ts";
import type { Figure } from "./figure.ts";
import { loadAverage, processMemoryMib, treeCpuMs, treeMemoryMib } from "./process-tree.ts";
import { registerServices } from "./registered.ts";
import { startTarget, type Target } from "./target-process.ts";

const SERVICES = 1_000;
const INTERVAL_S = 20;
const MINUTE_MS = 60_000;
const SAMPLES_A_MINUTE = 12;

export const besideBench: Bench = {
  names: ["beside"],
  about: `memory and CPU of a hub with ${SERVICES} services at ${INTERVAL_S} s, an idle hub and a bare loop of fetch, side by side; BESIDE_MINUTES (60 by default)`,
  async run({ progress }) {
    const count = minutesFrom(process.env.BESIDE_MINUTES);
    const ends: (() => Promise<void>)[] = [];
    try {
      const subjects = await startAll(ends, progress);
      return await compare(subjects, count, progress);
    } finally {
      for (const end of ends.reverse()) await end();
    }
  },
};

interface Subjects {
  hub: HubProcess;
  /** Probed by the hub only. */
  hubTarget: Target;
  idle: HubProcess;
  loop: BareLoop;
  /** Probed by the loop only. */
  loopTarget: Target;
}

/** `ends` gets what stops each, so that those that run are stopped when a later start fails. */
async function startAll(ends: (() => Promise<void>)[], progress: BenchContext["progress"]): Promise<Subjects> {
  const kept = <T>(started: T, end: () => Promise<void>): T => {
    ends.push(end);
    return started;
  };
  const keptTarget = (target: Target) => kept(target, () => target.stop());
  const keptHub = (hub: HubProcess) => kept(hub, () => hub.remove());
  const [hubTarget, loopTarget] = [keptTarget(await startTarget()), keptTarget(await startTarget())];
  const idle = keptHub(await startHub({ args: ["--quiet"] }));
  const hub = keptHub(await startHub({ args: ["--quiet"] }));
  await registerServices(hub, { count: SERVICES, interval: INTERVAL_S, target: hubTarget, progress });
  const urls = Array.from({ length: SERVICES }, (_, number) => loopTarget.url(number));
  const started = await startBareLoop(urls, INTERVAL_S * 1_000);
  const loop = kept(started, () => started.stop());
  const begun = sleep(INTERVAL_S * 1_000); // then each target of the loop had its first check
  await settled(hub.state, progress);
  await begun;
  return { hub, hubTarget, idle, loop, loopTarget };
}

async function compare(subjects: Subjects, count: number, progress: BenchContext["progress"]): Promise<Figure[]> {
  const minutes: Minute[] = [];
  let reading = await read(subjects);
  while (minutes.length < count) {
    const memory = await sampleMemory(subjects);
    const next = await read(subjects);
    const minute: Minute = {
      elapsed: next.at - reading.at,
      hub: { memory: memory.hub, cpu: next.hubCpu - reading.hubCpu, checks: next.hubChecks },
      idle: memory.idle,
      loop: {
        memory: memory.loop,
        cpu: next.loopCpu - reading.loopCpu,
        checks: next.loopChecks,
        passed: next.counts.passed - reading.counts.passed,
        failed: next.counts.failed - reading.counts.failed,
      },
      load: loadAverage(),
    };
    minutes.push(minute);
    reading = next;
    progress(`minute ${minutes.length}: ${minuteLine(minute)}`);
  }
  const { total: hubUp }: { total: number } = await accepted(
    await subjects.hub.fetch("/api/services?limit=1&status=up"),
  );
  return besideFigures({
    services: SERVICES,
    interval: INTERVAL_S,
    minutes,
    up: { hub: hubUp, loop: reading.counts.up },
  });
}

interface Reading {
  /** Ms of the monotonic clock. */
  at: number;
  /** Ms since the start of the process. */
  hubCpu: number;
  loopCpu: number;
  /** Answers since the reading before. */
  hubChecks: number;
  loopChecks: number;
  counts: LoopCounts;
}

async function read({ hub, hubTarget, loop, loopTarget }: Subjects): Promise<Reading> {
  const cpu = { at: performance.now(), hubCpu: treeCpuMs(hub.pid), loopCpu: treeCpuMs(loop.pid) };
  const [hubAnswers, loopAnswers, counts] = await Promise.all([
    hubTarget.takeAnswers(),
    loopTarget.takeAnswers(),
    loop.counts(),
  ]);
  return { ...cpu, hubChecks: hubAnswers.times.length, loopChecks: loopAnswers.times.length, counts };
}

/** Takes a minute. */
async function sampleMemory({ hub, idle, loop }: Subjects): Promise<{ hub: HubMemory; idle: HubMemory; loop: number }> {
  const samples: { hub: HubMemory; idle: HubMemory; loop: number }[] = [];
  while (samples.length < SAMPLES_A_MINUTE) {
    await sleep(MINUTE_MS / SAMPLES_A_MINUTE);
    samples.push({ hub: await memoryOf(hub), idle: await memoryOf(idle), loop: processMemoryMib(loop.pid) });
  }
  return {
    hub: meanMemory(samples.map((sample) => sample.hub)),
    idle: meanMemory(samples.map((sample) => sample.idle)),
    loop: mean(samples.map((sample) => sample.loop)),
  };
}

/** NaN where a process has ended. */
async function memoryOf(hub: HubProcess): Promise<HubMemory> {
  const runtime = processMemoryMib(await hub.runtimePid());
  return { tree: treeMemoryMib(hub.pid), node: processMemoryMib(hub.pid), runtime };
}

function meanMemory(samples: readonly HubMemory[]): HubMemory {
  const meanOf = (part: keyof HubMemory) => mean(samples.map((sample) => sample[part]));
  return { tree: meanOf("tree"), node: meanOf("node"), runtime: meanOf("runtime") };
}
