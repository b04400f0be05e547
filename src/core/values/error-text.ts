/** Limits error texts of targets and services, so that they can be stored and sent. */
export const MAX_ERROR_CHARS = 300;

/**
 * Returns at most 300 characters. Half of a surrogate pair is replaced, because the database and sockets need valid
 * UTF-8.
 */
export function boundedErrorText(text: string): string {
  return text.slice(0, MAX_ERROR_CHARS).toWellFormed();
}
