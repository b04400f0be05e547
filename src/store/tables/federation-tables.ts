/** The D1 tables of the federation, which migrations/0003_federation.sql makes. Times are Unix ms. */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { HubSource, KnownKey, Trust } from "../../core/federation/federation.ts";
import { type Health, SERVICE_TYPES, STATUSES } from "../../core/service/records.ts";
import type { MonitorState } from "../../core/status/monitor-state.ts";
import type { Attempt } from "../../core/status/recorded-flip.ts";
import { json, time } from "./columns.ts";

/** One row. Triggers count the revision. */
export const registry = sqliteTable("registry", {
  id: integer().primaryKey(),
  epoch: text().notNull(),
  revision: integer().notNull(),
  floor: integer().notNull(),
});

export const registryMarks = sqliteTable("registry_marks", {
  revision: integer().primaryKey(),
  mark: text().notNull(),
  at: time().notNull(),
});

export const serviceRevisions = sqliteTable(
  "service_revisions",
  {
    service_id: integer().primaryKey(),
    revision: integer().notNull(),
    /** null: the service exists. */
    deleted_at: integer(),
    /** Where a deleted service was, and its last revision. */
    lane: integer(),
    rev: integer(),
  },
  (table) => [
    uniqueIndex("service_revisions_by_revision").on(table.revision),
    index("service_revisions_by_deletion").on(table.deleted_at),
  ],
);

const jsonList = () => json<string[]>("texts").default([]);

export const hubs = sqliteTable("hubs", {
  hub_id: text().primaryKey(),
  /** null: only heard of on NATS. */
  url: text(),
  name: text(),
  region: text(),
  version: text(),
  source: text().$type<HubSource>().notNull(),
  trust: text().$type<Trust>().notNull(),
  /** The newest first. */
  keys: json<KnownKey[]>("list").default([]),
  /** The address from which a hub registered that waits; null: it did not. */
  registered_from: text(),
  /** The newest key of ours that the hub has. */
  known_kid: text(),
  capabilities: jsonList(),
  epoch: text(),
  revision: integer().notNull().default(0),
  head: integer().notNull().default(0),
  mark: text(),
  copy: integer().notNull().default(0),
  copying: integer({ mode: "boolean" }).notNull().default(false),
  status: text({ enum: STATUSES }).notNull().default("unknown"),
  status_since: time().notNull(),
  monitor: text({ mode: "json" }).$type<MonitorState>(),
  error: text(),
  overall_status: text().$type<Health>(),
  service_count: integer().notNull().default(0),
  latency_ms: real(),
  last_heard_at: time(),
  next_sync_at: integer(),
  created_at: time().notNull(),
  updated_at: time().notNull(),
});
export type HubRow = typeof hubs.$inferSelect;

/** The migration says how these columns are computed; here it only matters that nobody writes them. */
const newer = sql`NULL`;

export const remoteServices = sqliteTable(
  "remote_services",
  {
    hub_id: text().notNull(),
    /** The owner's id. */
    service_id: integer().notNull(),
    copy: integer().notNull(),
    project: text().notNull(),
    name: text().notNull(),
    service_type: text({ enum: SERVICE_TYPES }).notNull(),
    version: text(),
    address: text(),
    port: integer(),
    tags: jsonList(),
    capabilities: jsonList(),
    metadata: json<Record<string, unknown>>("object"),
    depends_on: jsonList(),
    latency_ms: real(),
    /** The status as the owner's registry has it. */
    pulled_status: text({ enum: STATUSES }).notNull(),
    pulled_since: time().notNull(),
    pulled_seq: integer().notNull(),
    /** The status that the owner pushed. It counts while it is newer. */
    pushed_status: text({ enum: STATUSES }),
    pushed_since: time(),
    pushed_seq: integer().notNull().default(0),
    pushed_at: time(),
    status: text({ enum: STATUSES }).notNull().generatedAlwaysAs(newer),
    status_since: time().notNull().generatedAlwaysAs(newer),
    flip_seq: integer().notNull().generatedAlwaysAs(newer),
  },
  (table) => [
    primaryKey({ columns: [table.hub_id, table.service_id] }),
    index("remote_services_by_push").on(table.hub_id, table.pushed_at),
    index("remote_services_by_name").on(table.name, table.project),
  ],
);
export type RemoteServiceRow = typeof remoteServices.$inferSelect;

export const hubFlips = sqliteTable(
  "hub_flips",
  {
    hub_id: text().notNull(),
    seq: integer().notNull(),
    from_status: text({ enum: STATUSES }).notNull(),
    to_status: text({ enum: STATUSES }).notNull(),
    reason: text().notNull(),
    at: time().notNull(),
    began_at: time().notNull(),
    evidence: json<Attempt[]>("list"),
  },
  (table) => [primaryKey({ columns: [table.hub_id, table.seq] }), index("hub_flips_by_time").on(table.at)],
);
