/** Pieces of SQL that drizzle has no words for. */
import { type AnyColumn, type SQL, sql } from "drizzle-orm";

/** `part` occurs in the column's text, in any case. Not LIKE, of whose patterns D1 takes 50 bytes at most. */
export function contains(column: AnyColumn, part: string): SQL {
  return sql`instr(lower(${column}), ${part.toLowerCase()}) > 0`;
}

/** The name is one of a JSON column's array of names. */
export function holds(column: AnyColumn, name: string): SQL {
  return sql`EXISTS (SELECT 1 FROM json_each(${column}) AS item WHERE item.value = ${name})`;
}

/** A field of the object that a row of `json_each(…) AS item` holds; a nested array or object comes as its JSON text. */
export function itemField(name: string): SQL {
  return sql.raw(`item.value ->> '${name}'`);
}
