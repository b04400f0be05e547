/** The D1 tables, as migrations/ makes them. Times are Unix ms; JSON columns are parsed on reading. */
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { HealthOptions } from "../core/options.ts";
import { type Attempt, HEALTH_METHODS, type RoundResult, SERVICE_TYPES, STATUSES } from "../core/records.ts";

export const SCOPES = ["read", "write", "admin", "agent"] as const;
export type Scope = (typeof SCOPES)[number];

const jsonObject = () => text({ mode: "json" }).$type<Record<string, unknown>>().notNull().default({});
const jsonNames = () => text({ mode: "json" }).$type<string[]>().notNull().default([]);

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
    name: text().notNull(),
    service_type: text({ enum: SERVICE_TYPES }).notNull(),
    health_method: text({ enum: HEALTH_METHODS }).notNull(),
    health_url: text().notNull(),
    /** Seconds. */
    health_interval: integer().notNull(),
    /** Seconds. */
    health_timeout: real().notNull(),
    health_retries: integer().notNull(),
    health_options: text({ mode: "json" }).$type<HealthOptions>().notNull().default({}),
    /** Where its state and its new history lie. */
    lane: integer().notNull(),
    /** The newest lanes it was in, the current one first: its history lies there. A negative one is of an old release. */
    lanes: text({ mode: "json" }).$type<number[]>().notNull().default([]),
    rev: integer().notNull().default(1),
    status: text({ enum: STATUSES }).notNull().default("unknown"),
    status_since: integer().notNull(),
    /** The newest flip that this row includes. */
    flip_seq: integer().notNull().default(0),
    version: text(),
    port: integer(),
    container_id: text(),
    agent: text(),
    tags: jsonNames(),
    capabilities: jsonNames(),
    metadata: jsonObject(),
    depends_on: jsonNames(),
    enabled: integer({ mode: "boolean" }).notNull().default(true),
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
