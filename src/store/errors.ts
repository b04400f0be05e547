/** Recognises errors of the database, for the code that turns errors into HTTP responses. */
import { DrizzleQueryError } from "drizzle-orm/errors";

/** drizzle wraps the error of a single statement. A batch throws D1's own error, whose message starts with `D1_`. */
export function isDatabaseError(error: unknown): boolean {
  return error instanceof DrizzleQueryError || (error instanceof Error && error.message.startsWith("D1_"));
}

/** Whether a UNIQUE or FOREIGN KEY constraint failed: another request added or deleted a row meanwhile. */
export function isConstraintError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /(UNIQUE|FOREIGN KEY) constraint failed/.test(error.message) || isConstraintError(error.cause);
}
