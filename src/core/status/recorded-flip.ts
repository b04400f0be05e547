/** A flip as queues, history and live frames carry it. It knows no rules of services, so that a page loads quickly. */
import { z } from "zod";
import { SERVICE_TYPES, STATUSES } from "../service/records.ts";

const status = z.enum(STATUSES);

/** The life of the database; an older release leaves it out. */
export const epochSchema = z.string().default("");

const attemptSchema = z.object({
  at: z.string(),
  vantage: z.string(),
  ok: z.boolean(),
  latency_ms: z.number().nullable(),
  error: z.string().nullable(),
});

/** A flip with the names and values that readers outside the hub need. */
export const recordedFlipSchema = z.object({
  seq: z.int(),
  service_id: z.int(),
  from: status,
  to: status,
  reason: z.string(),
  at: z.string(),
  began_at: z.string(),
  evidence: z.array(attemptSchema),
  project_id: z.int(),
  project: z.string(),
  name: z.string(),
  service_type: z.enum(SERVICE_TYPES),
  epoch: epochSchema,
  version: z.string().nullable(),
  latency_ms: z.number().nullable(),
});
