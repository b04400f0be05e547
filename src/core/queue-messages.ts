/** The schemas and types of the messages in the two queues. */
import { z } from "zod";
import type { HealthOptions } from "./options.ts";
import { epochSchema, recordedFlipSchema } from "./recorded-flip.ts";
import { STATUSES } from "./records.ts";
import { CHECK_FIELDS, fieldSchemas, pick } from "./service-definition.ts";

const status = z.enum(STATUSES);
const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.undefined()]));

const roundSchema = z.object({ lane: z.int(), due_at: z.number(), attempt: z.int() });

/** The options were validated when the service was registered; to do it again for every check would cost too much. */
const health_options = z.custom<HealthOptions>((value) => typeof value === "object" && value !== null);

const fields = fieldSchemas();

export const checkSchema = z.object({
  ...pick(fields, CHECK_FIELDS),
  agent: fields.agent.default(null), // an older release leaves these two out
  recover_after: fields.recover_after.default(1),
  health_options,
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

/** A message of the queue `probes`. */
export const probeMessageSchema = z.object({
  round: roundSchema,
  /** `home` or one of `PROBE_VANTAGES`. */
  vantage: z.string(),
  /** The round must not start before this time, Unix ms. */
  not_before: z.number(),
  checks: z.array(checkSchema),
});
export type ProbeMessage = z.infer<typeof probeMessageSchema>;

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
