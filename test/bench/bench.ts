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
