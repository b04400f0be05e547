/**
 * The log of what happened: everything that others must hear of. Each event is written by the transaction of the change
 * that it tells of, and whoever must hear of it reads the log at its own pace, see store/events.ts.
 */
import { z } from "zod";
import { PROJECT_STATUSES } from "../service/records.ts";
import type { RecordedFlip } from "../status/recorded-flip.ts";
import { epochSchema, flipSchema, recordedFlipSchema } from "../status/recorded-flip.ts";
import { readEach } from "../values/read-each.ts";
import { CHECK_STATUSES } from "./hub-health.ts";

/** A service whose watch begins or ends. */
export const loggedServiceSchema = z.object({
  service_id: z.int(),
  epoch: epochSchema,
  rev: z.int(),
  project_id: z.int(),
  project: z.string(),
  name: z.string(),
  service_type: z.string(),
  version: z.string().nullable().default(null),
  health_method: z.string(),
  health_url: z.string(),
  /** Seconds. */
  health_interval: z.number(),
});
export type LoggedService = z.infer<typeof loggedServiceSchema>;

const loggedFlipSchema = recordedFlipSchema.extend({
  version: z.string().nullable().default(null),
  latency_ms: z.number().nullable().default(null),
});

/** Another hub, or a service of one, as this hub heard of it. */
const loggedHubFlipSchema = flipSchema.omit({ service_id: true, evidence: true }).extend({ hub_id: z.string() });
const loggedRemoteFlipSchema = loggedHubFlipSchema
  .omit({ reason: true, began_at: true })
  .extend({ service_id: z.int(), project: z.string(), name: z.string() });

/** A check of the hub's own health, as the hub saw it in its last minute. */
const loggedTroubleSchema = z.object({
  name: z.string(),
  from: z.enum(CHECK_STATUSES),
  to: z.enum(CHECK_STATUSES),
  output: z.string().nullable(),
  at: z.string(),
});

/** `id` rises with each event. `at`: Unix ms. `key` names the event in all lives of the database. */
const place = { id: z.int(), at: z.number(), key: z.string() };

const eventSchema = z.discriminatedUnion("kind", [
  z.object({ ...place, kind: z.literal("flip"), body: loggedFlipSchema }),
  z.object({ ...place, kind: z.literal("registered"), body: loggedServiceSchema }),
  z.object({ ...place, kind: z.literal("deregistered"), body: loggedServiceSchema }),
  z.object({
    ...place,
    kind: z.literal("project"),
    body: z.object({ id: z.int(), name: z.string(), status: z.enum(PROJECT_STATUSES) }),
  }),
  z.object({ ...place, kind: z.literal("hub"), body: loggedHubFlipSchema }),
  z.object({ ...place, kind: z.literal("remote_flip"), body: loggedRemoteFlipSchema }),
  z.object({ ...place, kind: z.literal("trouble"), body: loggedTroubleSchema }),
]);
export type LoggedEvent = z.infer<typeof eventSchema>;

/** How far a reader of the log is: the last event that it has handled. The key tells whether it still is the same log. */
export interface LogPosition {
  id: number;
  key: string;
}

/** Nothing is read yet. */
export const LOG_START: LogPosition = { id: 0, key: "" };

export interface LogPage {
  events: LoggedEvent[];
  /** Events that can't be read, and are left out. */
  unread: number;
  /** Where the next page begins. */
  next: LogPosition;
  more: boolean;
  /**
   * Whether the log does not have the reader's position any more: the database was restored, or has forgotten what the
   * reader has not read. The page then begins elsewhere, and the registry is not what the reader thinks.
   */
  isOther: boolean;
  /** Where the page begins. */
  from: LogPosition;
}

/** Where a new reader begins. */
export interface LogStart {
  end: LogPosition;
  /** Has an event for the registration of each service that is watched, though the log may have forgotten it. */
  beginnings: LoggedEvent[];
}

export interface WholeLog extends LogStart {
  events: LoggedEvent[];
}

/** The log, as a reader of it needs it. Both reject while the database does not answer. */
export interface EventLog {
  /**
   * Returns the events after a position, at most `limit`. A database that was restored from a backup has other events
   * than the reader knows, or fewer: then the page begins after the newest one that is not later than `since` (Unix ms),
   * the time of the last event that the reader handled.
   */
  after(position: LogPosition, limit: number, since: number): Promise<LogPage>;
  /** Returns where the log ends, and what is watched at that moment. */
  start(): Promise<LogStart>;
  /** The same with the whole log, which may be long: up to 30 days of a busy hub. */
  whole(): Promise<WholeLog>;
}

/** Reads rows of the log. Leaves out those that can't be read, and counts them. `body`: JSON text. */
export function readEvents(rows: readonly { body: string }[]): { events: LoggedEvent[]; unread: number } {
  const { read, unread } = readEach(
    eventSchema,
    rows.map((row) => ({ ...row, body: parsed(row.body) })),
  );
  return { events: read, unread: unread.length };
}

/** The flip that ends the watch over a service has the same key, whether the registry wrote it or the service's lane. */
export function flipKey({ epoch, service_id, seq, to }: RecordedFlip): string {
  return `flip:${epoch}:${service_id}:${seq}:${to}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
