/** Anything may be thrown, not only errors. */

/** Returns the text that a user reads about a thrown value. */
export function messageOf(error: unknown): string {
  return asError(error).message;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
