/** What went wrong in the database, for those who answer for it. */
import { DrizzleQueryError } from "drizzle-orm/errors";

/** Statements run alone come wrapped, batches as the database's own error. */
export function isDatabaseError(error: unknown): boolean {
  return error instanceof DrizzleQueryError || (error instanceof Error && error.message.startsWith("D1_"));
}

/** A row that was there, or was not, when the request began. */
export function isConstraintError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /(UNIQUE|FOREIGN KEY) constraint failed/.test(error.message) || isConstraintError(error.cause);
}
