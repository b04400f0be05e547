/**
 * The log of what happened: everything that others must hear of. Each event is written by the transaction of the change
 * that it tells of, and whoever must hear of it reads the log at its own pace, see store/events.ts.
 */
import { z } from "zod";
import { readEach } from "./read-each.ts";
import { epochSchema, recordedFlipSchema } from "./recorded-flip.ts";
import { PROJECT_STATUSES, type RecordedFlip } from "./records.ts";

export const EVENT_KINDS = ["flip", "registered", "deregistered", "project"] as const;

/** A service whose watch begins or ends. */
const loggedServiceSchema = z.object({
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
]);
export type LoggedEvent = z.infer<typeof eventSchema>;

/** How far a reader of the log is: the last event that it has handled. The key tells whether it still is the same log. */
export interface LogPosition {
  id: number;
  key: string;
}

/** Nothing is read yet. */
export const LOG_START: LogPosition = { id: 0, key: "" };

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
