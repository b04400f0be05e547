/** Shows in a reason what a target said. */

/** A reason has room for two such texts. */
const SHOWN_CHARS = 80;

/** Returns the beginning of the text in quotes. The secrets are removed before, because a part of one is not recognised. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
}
