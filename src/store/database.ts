/**
 * The hub's D1 database, used through drizzle. drizzle's `transaction()` fails on D1, so statements that belong to one
 * transaction go in one `batch()`.
 */
import { type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { DATABASE_MS } from "../core/time/durations.ts";
import { chunksBySize } from "../core/values/chunks.ts";
import { limitedD1 } from "./limited-d1.ts";
import * as tables from "./tables/hub-tables.ts";

export type Db = DrizzleD1Database<typeof tables>;

/** In characters; a character takes up to three bytes. D1 allows 2 MB for one bound value. */
const MAX_PARAMETER_CHARS = 400_000;

/** `limitMs`: until a call that hangs fails; null: never, for work that may take its time. */
export function openDatabase(d1: D1Database, limitMs: number | null = DATABASE_MS): Db {
  return drizzle(limitMs === null ? d1 : limitedD1(d1, limitMs), { schema: tables });
}

/** Throws when the database does not answer. */
export async function ping(db: Db): Promise<void> {
  await db.get(sql`SELECT 1`);
}

/** Runs any number of statements as one transaction. Does nothing when there are none. */
export async function runBatch(db: Db, statements: readonly BatchItem<"sqlite">[]): Promise<void> {
  const [first, ...rest] = statements;
  if (first !== undefined) await db.batch([first, ...rest]);
}

/** Returns the right side of an SQL `IN`. The ids are one bound parameter, because D1 allows 100 parameters. */
export function idList(ids: readonly number[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}

/** Returns JSON arrays that together hold all the items. Each array is small enough for one bound parameter. */
export function jsonChunks(items: readonly unknown[]): string[] {
  const texts = items.map((item) => JSON.stringify(item));
  return chunksBySize(texts, (text) => text.length + 1, { size: MAX_PARAMETER_CHARS }).map(
    (chunk) => `[${chunk.join()}]`,
  );
}

/** Whether a write failed on a UNIQUE constraint. */
export function isDuplicate(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.message.includes("UNIQUE constraint failed") || isDuplicate(error.cause);
}
