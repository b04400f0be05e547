/** Runs the same thing for several, each on its own: one that fails or hangs costs only itself. */

export interface Settled<I, T> {
  done: { item: I; value: T }[];
  failed: { item: I; error: unknown }[];
}

/** The work took longer than it may. It may still go on. */
export class TooSlow extends Error {
  override name = "TooSlow";
}

/** Resolves as the work does. Rejects with TooSlow after `limitMs`. */
export async function within<T>(
  limitMs: number,
  work: Promise<T>,
  { wait }: { wait(ms: number, signal?: AbortSignal): Promise<void> },
): Promise<T> {
  const over = new AbortController();
  const tooSlow = wait(limitMs, over.signal).then(() => {
    throw new TooSlow(`no answer within ${limitMs / 1_000} s`);
  });
  tooSlow.catch(() => {}); // the work was quicker
  try {
    return await Promise.race([work, tooSlow]);
  } finally {
    over.abort();
  }
}

/** `limitMs`: for each. Never rejects. */
export async function settleEach<I, T>(
  items: readonly I[],
  run: (item: I) => Promise<T>,
  { limitMs, wait }: { limitMs: number; wait(ms: number, signal?: AbortSignal): Promise<void> },
): Promise<Settled<I, T>> {
  const settled: Settled<I, T> = { done: [], failed: [] };
  await Promise.all(
    items.map(async (item) => {
      try {
        settled.done.push({ item, value: await within(limitMs, run(item), { wait }) });
      } catch (error) {
        settled.failed.push({ item, error });
      }
    }),
  );
  return settled;
}
