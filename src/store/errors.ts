/** Recognises errors of the database, for the code that turns errors into HTTP responses. */
import { DrizzleQueryError } from "drizzle-orm/errors";
import { databaseTrouble } from "../core/hub/database-trouble.ts";

/** Whether the database, or the disk that it shares with the objects of a local hub, is away. */
export function isAway(error: unknown): boolean {
  return isDatabaseError(error) || (error instanceof Error && databaseTrouble(error.message) !== null);
}

/**
 * drizzle wraps the error of a single statement; of an error that comes from an object, only the text is left. A batch
 * throws D1's own error, whose message starts with `D1_`.
 */
export function isDatabaseError(error: unknown): boolean {
  return error instanceof DrizzleQueryError || (error instanceof Error && /^(D1_|Failed query: )/.test(error.message));
}

/** Whether a UNIQUE or FOREIGN KEY constraint failed: another request added or deleted a row meanwhile. */
export function isConstraintError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /(UNIQUE|FOREIGN KEY) constraint failed/.test(error.message) || isConstraintError(error.cause);
}
