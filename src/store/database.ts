/** The hub's D1 database through drizzle. `transaction()` fails on D1: what belongs together goes in one `batch()`. */
import { type SQL, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";
import { chunksBySize } from "../core/chunks.ts";
import * as tables from "./tables.ts";

export type Db = DrizzleD1Database<typeof tables>;

/** Far below the 2 MB that D1 allows for one bound value, in characters of up to three bytes. */
const MAX_PARAMETER_CHARS = 400_000;

export function openDatabase(d1: D1Database): Db {
  return drizzle(d1, { schema: tables });
}

/** Throws when the database does not answer. */
export async function ping(db: Db): Promise<void> {
  await db.get(sql`SELECT 1`);
}

/** Runs statements that are only known at run time as one transaction; nothing when there are none. */
export async function runBatch(db: Db, statements: readonly BatchItem<"sqlite">[]): Promise<void> {
  const [first, ...rest] = statements;
  if (first !== undefined) await db.batch([first, ...rest]);
}

/** An expression `IN (…)` takes: any number of ids as one bound parameter, of which D1 allows 100. */
export function idList(ids: readonly number[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;
}

/** JSON arrays small enough to be bound, which together hold all the items. */
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
