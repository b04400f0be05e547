/** Choices at random that are the same for the same seed. */
import { mulberry32 } from "./core/mulberry32.ts";

export interface Random {
  /** A whole number in [0, n). */
  below(n: number): number;
  one<T>(items: readonly T[]): T;
}

export function randomOf(seed: number): Random {
  const next = mulberry32(seed);
  const below = (n: number) => Math.floor(next() * n);
  return { below, one: <T>(items: readonly T[]): T => items[below(items.length)] as T };
}
