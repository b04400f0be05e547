/**
 * The frames of `/ws/health` and `/ws/federation` that the hub sends and the dashboard reads. `seq` rises with every frame, so that a socket
 * that was disconnected can ask for the frames that it missed. Times are ISO 8601 UTC.
 */
import { z } from "zod";
import { HEALTHS, SERVICE_TYPES, STATUSES } from "../service/records.ts";
import { recordedFlipSchema } from "../status/recorded-flip.ts";

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
const flipSchema = recordedFlipSchema.omit({ seq: true, epoch: true }).extend({ flip_seq: z.number() });
export type FlipBody = z.infer<typeof flipSchema>;

/** A project that was started or stopped. */
const projectLiteSchema = z.object({ id: z.number(), name: z.string(), status: z.enum(["running", "stopped"]) });
export type ProjectLite = z.infer<typeof projectLiteSchema>;

export const frameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), seq, at: z.string(), services: z.array(serviceLiteSchema) }),
  z.object({ type: z.literal("health"), seq, at: z.string(), services: z.array(healthSchema) }),
  flipSchema.extend({ type: z.literal("flip"), seq }),
  z.object({ type: z.literal("registered"), seq, service: serviceLiteSchema }),
  z.object({ type: z.literal("deregistered"), seq, service: serviceLiteSchema }),
  z.object({ type: z.literal("project"), seq, at: z.string(), project: projectLiteSchema }),
  z.object({ type: z.literal("error"), seq, detail: z.string() }),
]);
export type Frame = z.infer<typeof frameSchema>;
export type FlipFrame = Extract<Frame, { type: "flip" }>;

/** Another hub, as this hub sees it. */
export const peerSchema = z.object({
  hub_id: z.string(),
  name: z.string().nullable(),
  url: z.string().nullable(),
  region: z.string().nullable(),
  version: z.string().nullable(),
  status: z.enum([...STATUSES, "pending"]),
  status_since: z.string(),
  /** The health of its services, as far as this hub knows. */
  overall_status: z.enum(HEALTHS).nullable(),
  last_seen: z.string().nullable(),
  /** Seconds since it was last heard; null: it never was. */
  lag_seconds: z.number().nullable(),
  freshness: z.enum(["live", "stale"]),
  service_count: z.number(),
  latency_ms,
  source: z.enum(["registered", "introduced", "nats"]),
  capabilities: z.array(z.string()),
  /** The failure of the last attempt to hear it; null: there was none. */
  error: z.string().nullable(),
  /** The fingerprint of its key (RFC 7638), which an admin compares before approving; null: it has shown none. */
  key: z.string().nullable().default(null),
});
export type Peer = z.infer<typeof peerSchema>;

/** A change of status of a service of another hub. */
const remoteFlipSchema = flipSchema
  .omit({ project_id: true, began_at: true, evidence: true, service_type: true, version: true, latency_ms: true })
  .extend({ hub_id: z.string(), reason: z.string().nullable() });
export type RemoteFlip = z.infer<typeof remoteFlipSchema>;

export const federationFrameSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), seq, at: z.string(), hubs: z.array(peerSchema) }),
  z.object({ type: z.literal("hub"), seq, hub: peerSchema }),
  z.object({ type: z.literal("hub_removed"), seq, hub_id: z.string() }),
  remoteFlipSchema.extend({ type: z.literal("remote_flip"), seq }),
  z.object({ type: z.literal("summary"), seq, hub_id: z.string(), overall_status: z.enum(HEALTHS).nullable() }),
  z.object({ type: z.literal("error"), seq, detail: z.string() }),
]);
export type FederationFrame = z.infer<typeof federationFrameSchema>;
