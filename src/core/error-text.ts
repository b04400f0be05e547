/** What a target or a service says of its trouble, fit to be stored and told on. */
const MAX_ERROR_CHARS = 300;

/** At most 300 characters, none of them half of a pair (the database and the sockets take UTF-8). */
export function boundedErrorText(text: string): string {
  return text.slice(0, MAX_ERROR_CHARS).toWellFormed();
}
