/** The D1 tables, as migrations/ makes them. Times are Unix ms; JSON columns are parsed on reading. */
import type { NotNull } from "drizzle-orm";
import {
  type ConvertCustomConfig,
  customType,
  index,
  integer,
  primaryKey,
  real,
  type SQLiteCustomColumnBuilder,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import type { RoundResult } from "../core/queue-messages.ts";
import { type Attempt, STATUSES } from "../core/records.ts";
import {
  FIELD_NAMES,
  type FieldName,
  SERVICE_FIELDS,
  type ServiceDefinition,
  type Storage,
} from "../core/service-definition.ts";

export const SCOPES = ["read", "write", "admin", "agent"] as const;
export type Scope = (typeof SCOPES)[number];

type ColumnOf<T> = NotNull<SQLiteCustomColumnBuilder<ConvertCustomConfig<"", { data: T; driverData: unknown }>>>;

/** Column that stores a field as it is, as JSON text, or as 0 or 1. */
function columnOf<T>({ stored }: { stored: Storage }): ColumnOf<T> {
  return customType<{ data: T; driverData: unknown }>({
    dataType: () => "",
    toDriver: (value) => (stored === "json" ? JSON.stringify(value) : stored === "flag" ? Number(value) : value),
    fromDriver: (value) =>
      (stored === "json" ? JSON.parse(String(value)) : stored === "flag" ? value === 1 : value) as T,
  })("").notNull();
}

type DefinitionColumns = { [K in FieldName]: ColumnOf<ServiceDefinition[K]> };

/** A column for each field of a service's definition. The type of a nullable field holds null, so every column counts as given. */
function definitionColumns(): DefinitionColumns {
  const columns = FIELD_NAMES.map((name) => [name, columnOf(SERVICE_FIELDS[name])]);
  return Object.fromEntries(columns) as DefinitionColumns; // by name
}

const jsonObject = () => text({ mode: "json" }).$type<Record<string, unknown>>().notNull().default({});

export const projects = sqliteTable("projects", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull().unique(),
  status: text({ enum: ["running", "stopped"] })
    .notNull()
    .default("running"),
  metadata: jsonObject(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
});

export const services = sqliteTable(
  "services",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    project_id: integer()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    ...definitionColumns(),
    /** Where its state and its new history lie. */
    lane: integer().notNull(),
    /** The newest lanes it was in, the current one first: its history lies there. A negative one is of an old release. */
    lanes: text({ mode: "json" }).$type<number[]>().notNull().default([]),
    rev: integer().notNull().default(1),
    status: text({ enum: STATUSES }).notNull().default("unknown"),
    status_since: integer().notNull(),
    /** The newest flip that this row includes. */
    flip_seq: integer().notNull().default(0),
    created_at: integer().notNull(),
    updated_at: integer().notNull(),
  },
  (table) => [
    // A name is unique in its project; also finds the services of a project.
    uniqueIndex("services_by_name").on(table.project_id, table.name),
    // Counts the members of an interval's lanes without reading the rows.
    index("services_by_lane").on(table.lane),
  ],
);

export const rounds = sqliteTable(
  "rounds",
  {
    lane: integer().notNull(),
    due_at: integer().notNull(),
    attempt: integer().notNull(),
    vantage: text().notNull(),
    started_at: integer().notNull(),
    /** A result merged in from another vantage has that vantage as its seventh element. */
    results: text({ mode: "json" }).$type<(RoundResult | [...RoundResult, string])[]>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.lane, table.due_at, table.attempt] })],
);

export const flips = sqliteTable(
  "flips",
  {
    service_id: integer().notNull(),
    seq: integer().notNull(),
    from_status: text({ enum: STATUSES }).notNull(),
    to_status: text({ enum: STATUSES }).notNull(),
    reason: text().notNull(),
    at: integer().notNull(),
    began_at: integer().notNull(),
    evidence: text({ mode: "json" }).$type<Attempt[]>().notNull(),
    project_id: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.service_id, table.seq] }),
    // The hub's transitions newest first, and what retention deletes.
    index("flips_by_time").on(table.at),
  ],
);

export const rollups = sqliteTable(
  "rollups",
  {
    service_id: integer().notNull(),
    /** Start of the hour. */
    hour: integer().notNull(),
    /** That gave an answer, good or bad. */
    checks: integer().notNull(),
    failures: integer().notNull(),
    /** Milliseconds, of the checks that passed; null when none did. */
    max: real(),
    /** Latencies of the checks that passed, as core/histogram encodes them. */
    histogram: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.service_id, table.hour] })],
);

export const apiKeys = sqliteTable("api_keys", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  scope: text({ enum: SCOPES }).notNull(),
  /** The agent that a key of scope `agent` belongs to. */
  agent: text(),
  /** Of the key, which itself is never stored. */
  hash: text().notNull().unique(),
  created_at: integer().notNull(),
});

export const meta = sqliteTable("meta", {
  key: text().primaryKey(),
  value: text().notNull(),
});
