/** Waits a moment for what only adds to a verdict: a version, a reason, a word. */

/** Returns `otherwise` when the wanted thing fails, or does not come within `ms`. Never rejects. */
export async function soon<T>(ms: number, wanted: Promise<T>, otherwise: T): Promise<T> {
  const { promise: late, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(() => resolve(otherwise), ms);
  const found = await Promise.race([wanted.catch(() => otherwise), late]);
  clearTimeout(timer);
  return found;
}
