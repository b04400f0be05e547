/** What a benchmark is to the one who runs it. */
import type { Figure } from "./figure.ts";

export interface Bench {
  /** As on the command line; those of one bench share a hub. */
  names: readonly string[];
  about: string;
  /** `wanted`: which of the names to measure. */
  run(context: BenchContext): Promise<Figure[]>;
}

export interface BenchContext {
  wanted(name: string): boolean;
  progress(line: string): void;
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves when the condition holds; throws what was waited for when it does not in time. */
export async function until(what: string, patienceMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(100)) {
    if (await holds()) return;
  }
  throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
}
