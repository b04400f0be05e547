/** Waits until somebody who talks is silent: what has come by then is not in the middle of a word. */

export const QUIET_MS = 500;

/** Returns whether nothing comes within `ms`. Never rejects. */
export async function quietAfter(ms: number, next: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), ms);
  const came = next.then(
    () => false,
    () => false,
  );
  const isQuiet = await Promise.race([came, late]);
  clearTimeout(timer);
  return isQuiet;
}
