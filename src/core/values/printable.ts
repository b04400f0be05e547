/** Texts without control characters and halves of surrogate pairs, which neither databases nor terminals take well. */
import { z } from "zod";

const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/** A text of at most this many characters. */
export function printableText(max: number) {
  return z
    .string()
    .max(max)
    .refine((text) => !UNPRINTABLE.test(text), "control characters are not allowed");
}

/** Replaces what is not printable by blanks. */
export function printable(text: string): string {
  return text.replace(new RegExp(UNPRINTABLE, "gu"), " ");
}

/** At most so many characters of the text, of which the last is a whole one. */
export function printableWithin(text: string, max: number): string {
  return printable(text.slice(0, max).toWellFormed());
}
