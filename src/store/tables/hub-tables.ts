/** The D1 tables that the files in migrations/ make. Times are Unix ms. What can't be read in a column is empty. */
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { AUDIT_ACTIONS } from "../../core/hub/audit.ts";
import type { RoundResult } from "../../core/lane/queue-messages.ts";
import { STATUSES, STOPPERS } from "../../core/service/records.ts";
import {
  FIELD_NAMES,
  type FieldName,
  SERVICE_FIELDS,
  type ServiceDefinition,
} from "../../core/service/service-definition.ts";
import type { Attempt } from "../../core/status/recorded-flip.ts";
import { type Column, fieldColumn, json, reach, time } from "./columns.ts";

export const SCOPES = ["read", "register", "write", "admin", "agent"] as const;
export type Scope = (typeof SCOPES)[number];

type DefinitionColumns = { [K in FieldName]: Column<ServiceDefinition[K]> };

/**
 * Returns a column for each field of a service's definition. Every column counts as not null, because the type of a
 * nullable field includes null.
 */
function definitionColumns(): DefinitionColumns {
  const columns = FIELD_NAMES.map((name) => [name, fieldColumn(SERVICE_FIELDS[name].stored)]);
  return Object.fromEntries(columns) as DefinitionColumns; // each column has the type of its field
}

export const projects = sqliteTable("projects", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull().unique(),
  status: text({ enum: ["running", "stopped"] })
    .notNull()
    .default("running"),
  /** null: it runs. */
  stopped_by: text({ enum: STOPPERS }),
  metadata: json<Record<string, unknown>>("object").default({}),
  created_at: time().notNull(),
  updated_at: time().notNull(),
});

export const services = sqliteTable(
  "services",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    project_id: integer()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    ...definitionColumns(),
    /** The lane that holds the service's state and its new history. */
    lane: integer().notNull(),
    /**
     * The service's newest lanes, the current one first. Its history lies in them. Old releases used negative lanes.
     */
    lanes: json<number[]>("integers").default([]),
    rev: integer().notNull().default(1),
    status: text({ enum: STATUSES }).notNull().default("unknown"),
    status_since: time().notNull(),
    /** The newest flip that this row includes. */
    flip_seq: integer().notNull().default(0),
    /** The hub enables the service again at this time, Unix ms; null: it is not paused. */
    paused_until: time(),
    /** When its container ended, Unix ms; null: it runs, or there is none. */
    gone_since: time(),
    /** Why it ended, as its agent said; null: it runs, or nobody knows. */
    gone_reason: text(),
    created_at: time().notNull(),
    updated_at: time().notNull(),
  },
  (table) => [
    // A name is unique in its project. The index also finds the services of a project.
    uniqueIndex("services_by_name").on(table.project_id, table.name),
    // The index counts the members of an interval's lanes without reading the rows.
    index("services_by_lane").on(table.lane),
    index("services_by_pause").on(table.paused_until),
    index("services_by_end").on(table.gone_since),
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
    /** A result from another vantage than the row's has that vantage as its seventh element. */
    results: json<(RoundResult | [...RoundResult, string])[]>("list"),
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
    at: time().notNull(),
    began_at: time().notNull(),
    evidence: json<Attempt[]>("list"),
    project_id: integer().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.service_id, table.seq] }),
    // The index lists the hub's flips newest first and finds flips that retention deletes.
    index("flips_by_time").on(table.at),
  ],
);

/** The log of what happened. */
export const events = sqliteTable("events", {
  /** Later events have higher ids. */
  id: integer().primaryKey(),
  at: time().notNull(),
  kind: text().notNull(),
  /** Names the event, so that one that is told again is the same row. */
  key: text().notNull().unique(),
  /** JSON, see core/events.ts. */
  body: text().notNull(),
});

/** Checks of the hub's own health that did not pass. */
export const troubles = sqliteTable("troubles", {
  name: text().primaryKey(),
  status: text({ enum: ["warn", "fail"] }).notNull(),
  since: time().notNull(),
  output: text(),
});

export const rollups = sqliteTable(
  "rollups",
  {
    service_id: integer().notNull(),
    /** Start of the hour. */
    hour: integer().notNull(),
    /** Number of checks with a conclusive result, whether they passed or failed. */
    checks: integer().notNull(),
    failures: integer().notNull(),
    /** Shortest latency of the checks that passed, in milliseconds; null: none passed, or an older release made the row. */
    min: real(),
    /** Longest latency of the checks that passed, in milliseconds; null: none passed. */
    max: real(),
    /** Latencies of the checks that passed, as core/histogram encodes them. */
    histogram: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.service_id, table.hour] })],
);

export const dailyRollups = sqliteTable(
  "daily_rollups",
  {
    service_id: integer().notNull(),
    /** Start of the day, UTC. */
    day: integer().notNull(),
    /** Which of its hours are in the row; bit 0 is the first. */
    hours: integer().notNull(),
    /** This and what follows is the sum of `rollups` of these hours. */
    checks: integer().notNull(),
    failures: integer().notNull(),
    min: real(),
    max: real(),
    histogram: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.service_id, table.day] })],
);

export const apiKeys = sqliteTable("api_keys", {
  id: integer().primaryKey({ autoIncrement: true }),
  name: text().notNull(),
  scope: text({ enum: SCOPES }).notNull(),
  /** The agent that a key of scope `agent` belongs to. */
  agent: text(),
  /** The projects that the key is limited to. */
  projects: reach(),
  /** Hash of the key. The key itself is never stored. */
  hash: text().notNull().unique(),
  created_at: time().notNull(),
  /** Its first characters; null: it was made before they were kept. */
  prefix: text(),
  /** To the hour; null: never. */
  last_used_at: time(),
});

/** The audit log: each change through the API, and its author. */
export const audit = sqliteTable(
  "audit",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: time().notNull(),
    actor: text().notNull(),
    key_id: integer(),
    address: text().notNull(),
    action: text({ enum: AUDIT_ACTIONS }).notNull(),
    targets: json<string[]>("texts").default([]),
    /** Of the targets, of which the first are named. */
    count: integer().notNull(),
    fields: json<string[]>("texts").default([]),
  },
  (table) => [index("audit_by_action").on(table.action, table.id)],
);

/** People who are signed in. */
export const sessions = sqliteTable(
  "sessions",
  {
    /** Hash of the token in the cookie. */
    hash: text().primaryKey(),
    /** null: signed in with the admin token. */
    key_id: integer().references(() => apiKeys.id, { onDelete: "cascade" }),
    /** A hash of the admin token, so that another one ends the session. */
    admin: text(),
    created_at: time().notNull(),
    expires_at: time().notNull(),
  },
  (table) => [
    index("sessions_by_key").on(table.key_id, table.created_at),
    index("sessions_by_end").on(table.expires_at),
  ],
);

export const meta = sqliteTable("meta", {
  key: text().primaryKey(),
  value: text().notNull(),
});
