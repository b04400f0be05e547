/** CPU time of a process and all that it started, from Linux's /proc. */
import { readdirSync, readFileSync } from "node:fs";

/** Of `/proc/PID/stat`; fixed in every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

interface Stat {
  parent: number;
  /** User and system time, of ended children too, milliseconds. */
  cpu: number;
}

/** Milliseconds that the tree has used so far. */
export function treeCpuMs(root: number): number {
  const stats = new Map(processIds().flatMap((pid) => statOf(pid)));
  const isInTree = (pid: number): boolean => pid === root || (stats.has(pid) && isInTree(stats.get(pid)?.parent ?? 0));
  let sum = 0;
  for (const [pid, { cpu }] of stats) if (isInTree(pid)) sum += cpu;
  return sum;
}

/** The machine's load average of the last minute. */
export function loadAverage(): number {
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]);
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
    return [[pid, { parent: Number(fields[1]), cpu: (ticks * 1_000) / TICKS_A_SECOND }]];
  } catch {
    return [];
  }
}
