/** Waits of programs that are no tests; tests wait with ../until.ts. */
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Resolves when the condition holds; throws what was waited for when it does not in time. */
export async function until(what: string, patienceMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(100)) {
    if (await holds()) return;
  }
  throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
}
