/**
 * The frames of `/ws/health` that the hub sends and the dashboard reads. `seq` rises with every frame, so that a socket
 * that was disconnected can ask for the frames that it missed. Times are ISO 8601 UTC.
 */
import { z } from "zod";
import { recordedFlipSchema } from "./queue-messages.ts";
import { SERVICE_TYPES, STATUSES } from "./records.ts";

const seq = z.number();
const status = z.enum(STATUSES);
const type = z.enum(SERVICE_TYPES);
const latency_ms = z.number().nullable();

/** A service in snapshots and announcements. */
const serviceLiteSchema = z.object({
  id: z.number(),
  project_id: z.number(),
  project: z.string(),
  name: z.string(),
  type,
  status,
  since: z.string(),
  last_health_check: z.string().nullable(),
  latency_ms,
  flapping: z.boolean(),
});
export type ServiceLite = z.infer<typeof serviceLiteSchema>;

/** The latest check of a service. */
const healthSchema = z.object({ id: z.number(), status, latency_ms, at: z.string().nullable() });
export type HealthUpdate = z.infer<typeof healthSchema>;

/** A flip of a service; `flip_seq` is its place in the service's life. */
const flipSchema = recordedFlipSchema.omit({ seq: true }).extend({ flip_seq: z.number() });
export type FlipBody = z.infer<typeof flipSchema>;

export const frameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), seq, at: z.string(), services: z.array(serviceLiteSchema) }),
  z.object({ type: z.literal("health"), seq, at: z.string(), services: z.array(healthSchema) }),
  flipSchema.extend({ type: z.literal("flip"), seq }),
  z.object({ type: z.literal("registered"), seq, service: serviceLiteSchema }),
  z.object({ type: z.literal("deregistered"), seq, service: serviceLiteSchema }),
  z.object({ type: z.literal("error"), seq, detail: z.string() }),
]);
export type Frame = z.infer<typeof frameSchema>;
export type FlipFrame = Extract<Frame, { type: "flip" }>;
