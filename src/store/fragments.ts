/** SQL expressions that drizzle has no functions for. */
import { type AnyColumn, type SQL, sql } from "drizzle-orm";
import { isUnreadable, jsonItems } from "./tables/columns.ts";
import { services } from "./tables/hub-tables.ts";

/**
 * Whether the column's text contains `part`, ignoring case. LIKE can't be used: D1 allows patterns of at most 50 bytes.
 */
export function contains(column: AnyColumn, part: string): SQL {
  return sql`instr(lower(${column}), ${part.toLowerCase()}) > 0`;
}

/**
 * Whether the array of names in a JSON column contains the name. Only arrays whose text contains it are taken apart: each
 * of their items counts as a row that is read.
 */
export function holds(column: AnyColumn, name: string): SQL {
  return sql`(instr(${column}, ${JSON.stringify(name)}) > 0
    AND EXISTS (SELECT 1 FROM json_each(${jsonItems(column)}) AS item WHERE item.value = ${name}))`;
}

/**
 * Returns a field of the object in a row of `json_each(…) AS item`. A nested array or object is returned as JSON text.
 */
export function itemField(name: string): SQL {
  return sql.raw(`item.value ->> '${name}'`);
}

/** The life of the database that a row belongs to. An alias, because a batch returns columns by name. */
export const currentEpoch = sql<string>`(SELECT epoch FROM registry)`.as("epoch");

export const LANES = ["lanes", "integers"] as const;

/** The lanes of a service; where they can't be read, its current one. */
export const knownLanes = sql<
  number[]
>`iif(${isUnreadable(services.lanes, "integers")}, json_array(${services.lane}), ${services.lanes})`
  .mapWith(services.lanes)
  .as("lanes");

/**
 * SQL for a table `known (value)` with the distinct values of a primary key's first column. It needs one index search
 * for each value.
 */
export function distinct(table: string, column: string): SQL {
  return sql.raw(`WITH RECURSIVE known (value) AS (
    SELECT min(${column}) FROM ${table}
    UNION ALL
    SELECT (SELECT min(${column}) FROM ${table} WHERE ${column} > known.value) FROM known WHERE known.value IS NOT NULL)`);
}

/** In an upsert of rollups: the row takes the sums that were sent. */
export const SENT_SUMS = {
  checks: sql`excluded.checks`,
  failures: sql`excluded.failures`,
  min: sql`excluded.min`,
  max: sql`excluded.max`,
  histogram: sql`excluded.histogram`,
};
