/**
 * Columns that can always be read. Somebody may have edited the database, or an older release or a failing disk may have
 * left anything in a row; what can't be read there becomes empty, so that it costs only its own row.
 */
import { type AnyColumn, type NotNull, type SQL, sql } from "drizzle-orm";
import { type ConvertCustomConfig, customType, type SQLiteCustomColumnBuilder } from "drizzle-orm/sqlite-core";
import type { Reach } from "../../core/hub/reach.ts";
import type { Storage } from "../../core/service/service-definition.ts";

/** Later times have no ISO 8601 form with four digits for the year, which other hubs and clients expect. */
const MAX_TIME = Date.UTC(9_999, 11, 31, 23, 59, 59, 999);

/** The content of a JSON column: an object, texts, whole numbers, or any array. */
export type JsonShape = "object" | "texts" | "integers" | "list";

const ITEM_TYPES = { texts: "text", integers: "integer" } as const;

/** The type of the column is that of the values that the hub writes there. */
export type Column<T> = NotNull<SQLiteCustomColumnBuilder<ConvertCustomConfig<"", { data: T; driverData: unknown }>>>;

/** A column of JSON text. It reads as an empty object or array when it holds anything else. */
export function json<T>(shape: JsonShape): Column<T> {
  return customType<{ data: T; driverData: unknown }>({
    dataType: () => "text",
    toDriver: (value) => JSON.stringify(value),
    fromDriver: (value) => readJson(shape, value) as T, // only the hub writes what is in it
  })("").notNull();
}

/** Unix ms. A time out of range reads as the nearest that is in it, and no number as the last one. */
export const time = customType<{ data: number; driverData: unknown }>({
  dataType: () => "integer",
  fromDriver: (value) => (typeof value === "number" ? Math.min(Math.max(value, 0), MAX_TIME) : MAX_TIME),
});

/** The projects that a key opens. What can't be read opens none. */
export const reach = customType<{ data: Reach; driverData: unknown }>({
  dataType: () => "text",
  toDriver: (value) => JSON.stringify(value),
  fromDriver: (value) => readJson("integers", value) as number[],
});

/** A column that stores a field of a service's definition. */
export function fieldColumn<T>(stored: Storage): Column<T> {
  if (stored === "object" || stored === "texts") return json<T>(stored);
  return customType<{ data: T; driverData: unknown }>({
    dataType: () => "",
    toDriver: (value) => (stored === "flag" ? Number(value) : value),
    fromDriver: (value) => (stored === "flag" ? value === 1 : readPlain(value)) as T, // the column has the field's type
  })("").notNull();
}

/** As `time` reads the column, for SQL that compares it with what was read. */
export function timeOf(column: AnyColumn): SQL<number> {
  return sql`min(max(${column}, 0), ${sql.raw(String(MAX_TIME))})`;
}

/** A time that nobody has read in the column yet. `now`: Unix ms. */
export function laterThan(column: AnyColumn, now: number): SQL<number> {
  return sql`iif(${timeOf(column)} = ${sql.raw(String(MAX_TIME))}, ${now}, max(${timeOf(column)} + 1, ${now}))`;
}

/** The same for a time that has been read. */
export function laterThanRead(read: number, now: number): number {
  return read === MAX_TIME ? now : Math.max(read + 1, now);
}

/** SQL condition: `json` can't read the column. It holds where that column would read as empty. */
export function isUnreadable(column: AnyColumn, shape: JsonShape): SQL<boolean> {
  const type = shape === "object" ? sql`'object'` : sql`'array'`;
  const itemType = shape === "texts" || shape === "integers" ? ITEM_TYPES[shape] : null;
  const hasOther =
    itemType === null
      ? sql`FALSE`
      : sql`EXISTS (SELECT 1 FROM json_each(${column}) AS item WHERE item.type <> ${sql.raw(`'${itemType}'`)})`;
  return sql`CASE WHEN typeof(${column}) <> 'text' OR NOT json_valid(${column}) THEN TRUE
    WHEN json_type(${column}) <> ${type} THEN TRUE ELSE ${hasOther} END`;
}

/** The names of the columns that can't be read, as an array. `shapes`: of the columns. */
export function unreadableOf<K extends string>(
  columns: Record<K, AnyColumn>,
  shapes: readonly (readonly [K, JsonShape])[],
) {
  const names = shapes.map(
    ([name, shape]) => sql`iif(${isUnreadable(columns[name], shape)}, ${sql.raw(`'${name} '`)}, '')`,
  );
  const known = shapes.map(([name]) => name);
  return sql<K[]>`(${sql.join(names, sql` || `)})`.mapWith((found: string) => {
    const unread = new Set(found.split(" "));
    return known.filter((name) => unread.has(name));
  });
}

/** JSON text that SQL can always take apart with `json_each`. */
export function jsonItems(column: SQL | AnyColumn): SQL {
  return sql`iif(json_valid(${column}), ${column}, '[]')`;
}

function readJson(shape: JsonShape, value: unknown): unknown {
  try {
    const read: unknown = JSON.parse(String(value));
    if (hasShape(shape, read)) return read;
  } catch {
    // not JSON
  }
  return shape === "object" ? {} : [];
}

function hasShape(shape: JsonShape, value: unknown): boolean {
  if (shape === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  if (!Array.isArray(value)) return false;
  if (shape === "texts") return value.every((item) => typeof item === "string");
  return shape === "list" || value.every((item) => Number.isInteger(item));
}

/** A blob, which D1 returns as an array, counts as text. */
function readPlain(value: unknown): unknown {
  return typeof value === "object" && value !== null ? String(value) : value;
}
