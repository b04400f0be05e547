/** Limits error texts of targets and services, so that they can be stored, sent and shown. */
import { printableWithin } from "./printable.ts";

export const MAX_ERROR_CHARS = 300;

export function boundedErrorText(text: string): string {
  return printableWithin(text, MAX_ERROR_CHARS);
}
