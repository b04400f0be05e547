/** The records that hubs exchange. A field that a hub does not know is ignored, so a newer hub may send more. */

import { z } from "zod";
import { nameSchema } from "../service/names.ts";
import { STATUSES, type Status } from "../service/records.ts";
import { jsonObjectSchema } from "../service/service-definition.ts";
import { recordedFlipSchema } from "../status/recorded-flip.ts";
import { readEach, type Unread } from "../values/read-each.ts";

/** Hubs with the same major version understand each other. Since 2.0 answers are signed as well as requests. */
export const PROTOCOL = "2.0";

/** Largest number of services and deleted ids on a page. */
export const PAGE_SERVICES = 500;
/** Size at which a page ends, in characters of JSON. One more service may have 40,000. */
export const PAGE_CHARS = 200_000;
export const MAX_HUBS = 100;
/** Largest copy of one hub's registry. */
export const MAX_REMOTE_SERVICES = 20_000;

export const hubIdSchema = z.string().regex(/^[a-z0-9-]{1,63}$/, "expected 1 to 63 of a-z, 0-9 and -");
/** A path is added to it, so it has neither query nor fragment, and no user. */
export const hubUrlSchema = z
  .url({ protocol: /^https?$/, error: "expected an http(s) URL" })
  .max(500)
  .refine((url) => !/[?#@\\]/.test(url), "expected an address without query, fragment and user");

const MAX_VERSION = 128;

const text = (max: number) => z.string().max(max);
const names = z.array(text(64)).max(50);
const revision = z.int().min(0);

/** A public key: an Ed25519 JWK without what is always the same (RFC 8037). */
export const publicKeySchema = z.object({
  /** The thumbprint of the key (RFC 7638). */
  kid: text(64),
  alg: z.literal("ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "expected 32 bytes as base64url"),
  /** When the key stops being used; null: it is not known yet. */
  not_after: z.iso.datetime().nullable(),
});
export type PublicKey = z.infer<typeof publicKeySchema>;

/** A key that another hub said is its own. */
export interface KnownKey extends PublicKey {
  /** Whether it was used, so that it is known to be the hub's own; absent: an older release believed it. */
  used?: boolean;
}

/** `GET /.well-known/hub` */
export const hubDocumentSchema = z.object({
  hub_id: hubIdSchema,
  name: text(200).nullable(),
  url: hubUrlSchema,
  region: text(64).nullable(),
  version: text(64),
  protocol: z.string().regex(/^\d{1,4}\.\d{1,4}$/),
  capabilities: names.default([]),
  keys: z.array(publicKeySchema).min(1).max(4),
});
export type HubDocument = z.infer<typeof hubDocumentSchema>;

/** Returns why the hubs can't work together; null: they can. */
export function refusedProtocol(protocol: string): string | null {
  const [major] = protocol.split(".");
  const [own] = PROTOCOL.split(".");
  if (major === own) return null;
  return `the hub speaks version ${protocol} of the protocol, this one ${PROTOCOL}: upgrade the older one`;
}

/** A service as another hub tells of it: what discovery needs, and never how it is checked. */
export const remoteServiceSchema = z.object({
  id: z.int().min(1),
  project: nameSchema,
  name: nameSchema,
  /** A type that this hub does not know counts as `other`. */
  type: text(32),
  version: text(MAX_VERSION).nullable(),
  /** Host of the target; null: it has none. */
  address: text(300).nullable(),
  port: z.int().min(1).max(65_535).nullable(),
  tags: names,
  capabilities: names,
  metadata: jsonObjectSchema,
  depends_on: z.array(text(200)).max(100),
  status: z.enum(STATUSES),
  status_since: z.iso.datetime(),
  /** The newest flip that the status includes. A status with a lower one is older. */
  flip_seq: z.int().min(0),
  latency_ms: z.number().nullable(),
});
export type RemoteService = z.infer<typeof remoteServiceSchema>;

/** A hub that another hub knows. */
export const introductionSchema = z.object({ hub_id: hubIdSchema, url: hubUrlSchema });
export type Introduction = z.infer<typeof introductionSchema>;

/** `GET /api/federation/sync` */
export const syncPageSchema = z.object({
  hub_id: hubIdSchema,
  epoch: text(64),
  revision,
  full: z.boolean(),
  services: z.array(remoteServiceSchema).max(PAGE_SERVICES),
  deleted: z.array(z.int()).max(PAGE_SERVICES),
  hubs: z.array(introductionSchema).max(MAX_HUBS),
  next: revision.nullable(),
  mark: text(64),
});
export type SyncPage = z.infer<typeof syncPageSchema>;

/** The page as a hub reads it: one service that it can't read costs only itself. */
export interface ReadPage extends SyncPage {
  unread: Unread[];
}

export const readPageSchema = syncPageSchema
  .extend({ services: z.array(z.unknown()).max(PAGE_SERVICES) })
  .transform(({ services, ...page }): ReadPage => {
    const { read, unread } = readEach(remoteServiceSchema, services.map(withShortVersion));
    return { ...page, services: read, unread };
  });

/** Hubs before 0.3 passed on versions of any length that services reported. */
function withShortVersion(service: unknown): unknown {
  if (typeof service !== "object" || service === null || !("version" in service)) return service;
  return typeof service.version === "string" ? { ...service, version: service.version.slice(0, MAX_VERSION) } : service;
}

export const MAX_REASON_CHARS = 2_000;

/** A flip as it is pushed to other hubs. */
export const pushedFlipSchema = recordedFlipSchema.pick({ from: true, to: true, latency_ms: true }).extend({
  service_id: z.int().min(1),
  seq: z.int().min(1),
  reason: text(MAX_REASON_CHARS),
  at: z.iso.datetime(),
  began_at: z.iso.datetime(),
  project: nameSchema,
  name: nameSchema,
});
export type PushedFlip = z.infer<typeof pushedFlipSchema>;

/** `POST /api/federation/events`: a hint that makes news arrive at once. A pull brings the same, only later. */
export const eventsSchema = z.object({
  hub_id: hubIdSchema,
  /** Absent: only the keys are news. */
  flips: z.array(z.unknown()).max(PAGE_SERVICES).default([]).describe("Each a PushedFlip; others are left out"),
  /** Whether the registry changed, so that a pull is worth while. */
  changed: z.boolean().default(false),
  /** The sender's keys, when they are being rotated. */
  keys: z.array(publicKeySchema).min(1).max(4).optional(),
});
export type FederationEvents = Omit<z.infer<typeof eventsSchema>, "flips"> & { flips: PushedFlip[] };

/** Leaves out the flips that can't be read. The next pull brings them. */
export function readEvents({ flips, ...rest }: z.infer<typeof eventsSchema>): FederationEvents {
  return { ...rest, flips: readEach(pushedFlipSchema, flips).read };
}

/** `POST /api/federation/register` */
export const registrationSchema = z.object({
  hub_id: hubIdSchema,
  url: hubUrlSchema,
  protocol: z.string().max(16),
  /** The key that signs the registration. Absent in versions of the protocol before 2.0. */
  key: publicKeySchema.optional(),
  /** HMAC-SHA256 in base64url, keyed with the join token; absent: the hub has none. */
  proof: text(64).optional(),
});
export type Registration = z.infer<typeof registrationSchema>;

export const registrationAnswerSchema = z.object({
  trust: z.enum(["approved", "pending"]),
  hub: hubDocumentSchema,
  proof: text(64).optional(),
});
export type RegistrationAnswer = z.infer<typeof registrationAnswerSchema>;

/** Why a hub registers with another: an admin asked for it, a setting names it, or a third hub introduced it. */
export type JoinReason = "asked" | "configured" | "introduced";

/** Two hubs know each other now, or one waits for an admin of the other. */
export interface Joined {
  hub_id: string;
  /** How this hub trusts the other one. */
  trust: "approved" | "pending";
  /** How the other one trusts this hub. */
  there: "approved" | "pending";
}

export type Trust = "approved" | "pending" | "heard" | "removed";
export type HubSource = "registered" | "introduced" | "nats";
export type Freshness = "live" | "stale";

/** Sync intervals without a valid answer after which what is known of a hub is stale. */
const STALE_INTERVALS = 3;

/** Times in Unix ms; `interval` in seconds. */
export function freshness(lastHeardAt: number | null, interval: number, now: number): Freshness {
  return lastHeardAt !== null && Math.abs(now - lastHeardAt) <= STALE_INTERVALS * interval * 1_000 ? "live" : "stale";
}

/** A stale service never counts as healthy. */
export function isHealthy(status: Status, fresh: Freshness): boolean {
  return fresh === "live" && (status === "up" || status === "degraded");
}
