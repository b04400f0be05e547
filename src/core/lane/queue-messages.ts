/** The schemas and types of the messages in the two queues. */
import { z } from "zod";
import { HEALTH_METHODS } from "../methods/index.ts";
import type { HealthOptions } from "../service/options.ts";
import { SERVICE_TYPES, STATUSES } from "../service/records.ts";
import type { CheckField, ServiceDefinition } from "../service/service-definition.ts";
import { epochSchema, recordedFlipSchema } from "../status/recorded-flip.ts";
import { readEach, type Unread } from "../values/read-each.ts";

const status = z.enum(STATUSES);
const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.undefined()]));

const roundSchema = z.object({ lane: z.int(), due_at: z.number(), attempt: z.int() });

/** The options were validated when the service was registered; to do it again for every check would cost too much. */
const health_options = z.custom<HealthOptions>((value) => typeof value === "object" && value !== null);

/**
 * Only the shapes: the rules are those of the registration, and a message must never know a stricter one. An older
 * release, or an older row, may have had others.
 */
const fields = {
  name: z.string(),
  service_type: z.enum(SERVICE_TYPES),
  health_method: z.enum(HEALTH_METHODS),
  health_url: z.string(),
  health_interval: z.number().positive(),
  health_timeout: z.number().positive(),
  health_retries: z.int().min(0),
  recover_after: z.int().min(1).default(1), // an older release leaves these two out
  agent: z.string().nullable().default(null),
  health_options,
} satisfies { [K in CheckField]: z.ZodType<ServiceDefinition[K]> };

export const checkSchema = z.object({
  ...fields,
  service_id: z.int(),
  project_id: z.int(),
  project: z.string(),
  epoch: epochSchema,
  rev: z.int(),
  lane: z.int(),
  former_lanes: z.array(z.int()),
  recorded_status: status,
  recorded_since: z.number(),
  recorded_seq: z.int(),
  version: z.string().nullable(),
  after_ms: z.number().optional(),
});

const probeMessageSchema = z.object({
  round: roundSchema,
  /** `home` or one of `PROBE_VANTAGES`. */
  vantage: z.string(),
  /** The round must not start before this time, Unix ms. */
  not_before: z.number(),
  checks: z.array(z.unknown()),
});

/** A message of the queue `probes`. */
export interface ProbeMessage extends Omit<z.infer<typeof probeMessageSchema>, "checks"> {
  checks: z.infer<typeof checkSchema>[];
}

/** The rounds that a message of the queue has, unread: one, or a list of them. Throws when it is no JSON. */
export function roundsIn(text: string): unknown[] {
  const body: unknown = JSON.parse(text);
  return Array.isArray(body) ? body : [body];
}

/** Reads a round check by check. Throws a ZodError when the message itself can't be read. */
export function readProbeMessage(body: unknown): { message: ProbeMessage; unread: Unread[] } {
  const { checks, ...rest } = probeMessageSchema.parse(body);
  const { read, unread } = readEach(checkSchema, checks);
  return { message: { ...rest, checks: read }, unread };
}

/**
 * The result of one check in a packed round: `[service_id, verdict, status, latency_ms, error, details]`. Verdict and
 * status are positions in VERDICTS and STATUSES.
 */
const roundResultSchema = z.tuple([
  z.int(),
  z.int(),
  z.int(),
  z.number().nullable(),
  z.string().nullable(),
  details.nullable(),
]);

/** A message of the queue `outcomes`. */
export const outcomesMessageSchema = z.object({
  round: roundSchema,
  epoch: epochSchema,
  vantage: z.string(),
  /** Start of the round, Unix ms. */
  started_at: z.number(),
  results: z.array(roundResultSchema),
  flips: z.array(recordedFlipSchema),
  /** Versions that differ from those in the database. */
  versions: z.array(z.object({ service_id: z.int(), version: z.string() })),
});
export type OutcomesMessage = z.infer<typeof outcomesMessageSchema>;
export type RoundResult = OutcomesMessage["results"][number];
