/** A flip as queues, history and live frames carry it. It knows no rules of services, so that a page loads quickly. */
import { z } from "zod";
import { SERVICE_TYPES, STATUSES } from "../service/records.ts";

const status = z.enum(STATUSES);

/** The life of the database; an older release leaves it out. */
export const epochSchema = z.string().default("");

/** One attempt in a streak of failures, as evidence for a flip. */
export const attemptSchema = z.object({
  at: z.string(),
  vantage: z.string(),
  ok: z.boolean(),
  latency_ms: z.number().nullable(),
  error: z.string().nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

/**
 * A change of status. Times are ISO 8601 UTC. `seq`: rises by one with each flip of the service. `began_at`: the first
 * failing check of an outage. Whatever else tells of a change of status is made from this schema.
 */
export const flipSchema = z.object({
  seq: z.int(),
  service_id: z.int(),
  from: status,
  to: status,
  reason: z.string(),
  at: z.string(),
  began_at: z.string(),
  evidence: z.array(attemptSchema),
});
export type Flip = z.infer<typeof flipSchema>;

/** A flip with the names and values that readers outside the hub need. `epoch`: in which `service_id` and `seq` count. */
export const recordedFlipSchema = flipSchema.extend({
  project_id: z.int(),
  project: z.string(),
  name: z.string(),
  service_type: z.enum(SERVICE_TYPES),
  epoch: epochSchema,
  version: z.string().nullable(),
  latency_ms: z.number().nullable(),
});
export type RecordedFlip = z.infer<typeof recordedFlipSchema>;
