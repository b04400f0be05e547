/** CPU time and memory of a process and all that it started, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Of `/proc/PID/stat`; fixed in every Linux that Node runs on. */
const TICKS_A_SECOND = 100;
const PAGES_A_MIB = 256;

interface Stat {
  parent: number;
  /** User and system time, of ended children too, milliseconds. */
  cpu: number;
  /** Resident memory, MiB. */
  memory: number;
}

/** Milliseconds that the tree has used so far; NaN when its root has ended. */
export function treeCpuMs(root: number): number {
  return sumOf(root, ({ cpu }) => cpu);
}

/** Resident memory of the tree, MiB; what two of its processes share counts twice. NaN when its root has ended. */
export function treeMemoryMib(root: number): number {
  return Math.round(sumOf(root, ({ memory }) => memory));
}

/** Resident memory of one process, MiB; NaN when it has ended. */
export function processMemoryMib(pid: number): number {
  return statOf(pid)[0]?.[1].memory ?? Number.NaN;
}

/** The machine's load average of the last minute. */
export function loadAverage(): number {
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
}

function sumOf(root: number, pick: (stat: Stat) => number): number {
  const stats = new Map(processIds().flatMap((pid) => statOf(pid)));
  if (!stats.has(root)) return Number.NaN;
  const isInTree = (pid: number): boolean => pid === root || isInTreeOf(stats.get(pid));
  const isInTreeOf = (stat: Stat | undefined) => stat !== undefined && isInTree(stat.parent);
  return [...stats].reduce((sum, [pid, stat]) => sum + (isInTree(pid) ? pick(stat) : 0), 0);
}

function processIds(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

/** Nothing when the process has ended meanwhile. */
function statOf(pid: number): [number, Stat][] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name, in brackets, may hold anything; the state follows it as field 3.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = [14, 15, 16, 17].reduce((sum, number) => sum + Number(fields[number - 3]), 0);
    const memory = Number(fields[24 - 3]) / PAGES_A_MIB;
    return [[pid, { parent: Number(fields[1]), cpu: (ticks * 1_000) / TICKS_A_SECOND, memory }]];
  } catch {
    return [];
  }
}
