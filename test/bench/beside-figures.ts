/** The arithmetic of the benchmark `beside`: which minutes count, and what they say. */
import type { Figure } from "./figure.ts";

const DEFAULT_MINUTES = 60;
/** Fewer minutes have no half that could grow. */
const LEAST_MINUTES = 3;
const MOST_MINUTES = 1_440;
/** At first, code is compiled, heaps find their size, and the hub checks new services more often than each interval. */
const WARM_UP_MINUTES = 5;
/** Memory goes up and down with the garbage, so means of some minutes are compared. */
const MEAN_OF_MINUTES = 5;

/** The mean over a minute, MiB. */
export interface HubMemory {
  /** Node and the runtime together. */
  tree: number;
  node: number;
  runtime: number;
}

/** What a minute took. */
export interface Work {
  /** Milliseconds of processor time. */
  cpu: number;
  /** Answers of the target. */
  checks: number;
}

export interface Minute {
  /** Its length in milliseconds. */
  elapsed: number;
  hub: Work & { memory: HubMemory };
  idle: HubMemory;
  /** `passed` and `failed` are what the loop itself counted. */
  loop: Work & { memory: number; passed: number; failed: number };
  /** The machine's load average at its end. */
  load: number;
}

export interface Comparison {
  services: number;
  /** Seconds. */
  interval: number;
  minutes: readonly Minute[];
  /** Services and targets that were up at the end. */
  up: { hub: number; loop: number };
}

/** Of the variable BESIDE_MINUTES; throws when it is no length that the benchmark can measure. */
export function minutesFrom(text: string | undefined): number {
  if (text === undefined) return DEFAULT_MINUTES;
  const minutes = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (minutes >= LEAST_MINUTES && minutes <= MOST_MINUTES) return minutes;
  throw new Error(
    `BESIDE_MINUTES must be a whole number from ${LEAST_MINUTES} to ${MOST_MINUTES}, not ${JSON.stringify(text)}`,
  );
}

/** Without the warm-up: the first five minutes, or the first quarter (rounded up) of a shorter run. */
export function countedMinutes<T>(minutes: readonly T[]): readonly T[] {
  return minutes.slice(Math.min(WARM_UP_MINUTES, Math.ceil(minutes.length / 4)));
}

/** NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The last half of a run, rounded up. */
function lastHalf<T>(minutes: readonly T[]): readonly T[] {
  return minutes.slice(-Math.ceil(minutes.length / 2));
}

/** The last five minutes, or the last half of a shorter run. */
export function lastMinutes<T>(minutes: readonly T[]): readonly T[] {
  return lastHalf(minutes).slice(-MEAN_OF_MINUTES);
}

/** From the first minutes of the last half to its last ones, per cent. Means of five minutes, when the half has ten. */
export function growthOverLastHalf(memory: readonly number[]): number {
  const half = lastHalf(memory);
  const part = Math.min(MEAN_OF_MINUTES, Math.floor(half.length / 2));
  return (mean(half.slice(-part)) / mean(half.slice(0, part)) - 1) * 100;
}

/** All the processor time of the minutes for all their checks. */
export function cpuPerCheck(minutes: readonly Work[]): number {
  return total(minutes, ({ cpu }) => cpu) / total(minutes, ({ checks }) => checks);
}

/** `hub 312 MiB (node 120, runtime 192), …`: one line of progress. */
export function minuteLine({ hub, idle, loop, load }: Minute): string {
  const told = (work: Work) => `${work.checks} checks, ${cpuPerCheck([work]).toFixed(2)} ms each`;
  return `hub ${memoryText(hub.memory)}, ${told(hub)}; idle ${memoryText(idle)}; loop ${loop.memory.toFixed(0)} MiB, ${told(loop)}; load average ${load}`;
}

export function besideFigures(comparison: Comparison): Figure[] {
  const { services, interval, minutes } = comparison;
  const load = `load average ${loadText(minutes)}`;
  const what = `${services} services at ${interval} s`;
  const hub = minutes.map((minute) => minute.hub.memory);
  return [
    memoryFigure(`${what}, after ${minutes.length} minutes`, 350, hub, load),
    memoryFigure(
      `no services, after ${minutes.length} minutes`,
      230,
      minutes.map(({ idle }) => idle),
      load,
    ),
    ratioFigure(what, minutes, load),
    {
      name: `beside: growth of memory over the last ${lastHalf(minutes).length} minutes, ${what}`,
      value: growthOverLastHalf(hub.map(({ tree }) => tree)),
      unit: "%",
      limit: null,
      better: "lower",
      note: `MiB by minute: ${hub.map(({ tree }) => tree.toFixed(0)).join(", ")}; ${load}`,
    },
    doneFigure(comparison),
  ];
}

function memoryFigure(what: string, limit: number, memory: readonly HubMemory[], load: string): Figure {
  const last = lastMinutes(memory);
  const meanOf = (part: keyof HubMemory) => mean(last.map((minute) => minute[part]));
  const parts = `node ${meanOf("node").toFixed(1)}, runtime ${meanOf("runtime").toFixed(1)}`;
  return {
    name: `beside: memory, ${what}`,
    value: meanOf("tree"),
    unit: "MiB",
    limit,
    better: "lower",
    note: `${parts}; the mean of the last ${last.length} minutes; without npm; ${load}`,
  };
}

function ratioFigure(what: string, minutes: readonly Minute[], load: string): Figure {
  const counted = countedMinutes(minutes);
  const [hub, loop] = [counted.map((minute) => minute.hub), counted.map((minute) => minute.loop)];
  const told = (work: readonly Work[]) =>
    `${cpuPerCheck(work).toFixed(3)} ms a check (${total(work, ({ checks }) => checks)} checks)`;
  const memory = mean(lastMinutes(minutes).map((minute) => minute.loop.memory)).toFixed(0);
  return {
    name: `beside: CPU a check, hub / bare loop, ${what}`,
    value: cpuPerCheck(hub) / cpuPerCheck(loop),
    unit: "×",
    limit: 0.75,
    better: "lower",
    note: `hub ${told(hub)}, loop ${told(loop)} in the last ${counted.length} minutes; memory of the loop ${memory} MiB; ${load}`,
  };
}

/** A ratio says nothing when one of the two left checks out. */
function doneFigure({ services, interval, minutes, up }: Comparison): Figure {
  const counted = countedMinutes(minutes);
  const due = (total(counted, ({ elapsed }) => elapsed) / (interval * 1_000)) * services;
  const hubChecks = total(counted, ({ hub }) => hub.checks);
  const loopChecks = total(counted, ({ loop }) => loop.checks);
  const [passed, failed] = [total(counted, ({ loop }) => loop.passed), total(counted, ({ loop }) => loop.failed)];
  return {
    name: "beside: of the checks that were due, the one of hub and loop that did fewer",
    value: (Math.min(hubChecks, loopChecks, passed) / due) * 100,
    unit: "%",
    limit: 99,
    better: "higher",
    note: `${due.toFixed(0)} due; hub ${hubChecks} answered, ${up.hub} services up; loop ${loopChecks} answered, ${passed} passed, ${failed} failed, ${up.loop} targets up`,
  };
}

function total<T>(minutes: readonly T[], pick: (minute: T) => number): number {
  return minutes.reduce((sum, minute) => sum + pick(minute), 0);
}

function memoryText({ tree, node, runtime }: HubMemory): string {
  return `${tree.toFixed(0)} MiB (node ${node.toFixed(0)}, runtime ${runtime.toFixed(0)})`;
}

/** The mean, and the highest. */
function loadText(minutes: readonly Minute[]): string {
  const loads = minutes.map(({ load }) => load);
  return `${mean(loads).toFixed(2)}, at most ${Math.max(...loads)}`;
}
