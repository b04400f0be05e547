/** Answers, as the OpenAPI document shows them. */
import { z } from "@hono/zod-openapi";
import { healthOptionsSchema } from "../core/options.ts";
import { HEALTH_METHODS, HEALTHS, SERVICE_TYPES, STATUSES, VERDICTS } from "../core/records.ts";

const time = z.iso.datetime();
const ms = z.number().nullable();
const json = z.record(z.string(), z.unknown());

export const serviceSchema = z
  .object({
    id: z.int(),
    project_id: z.int(),
    project: z.string(),
    name: z.string(),
    service_type: z.enum(SERVICE_TYPES),
    health_method: z.enum(HEALTH_METHODS),
    health_url: z.string(),
    health_interval: z.int().describe("Seconds"),
    health_timeout: z.int().describe("Seconds"),
    health_retries: z.int(),
    health_options: healthOptionsSchema,
    health_status: z.enum(STATUSES),
    status_since: time,
    last_health_check: time.nullable(),
    consecutive_failures: z.int(),
    health_details: z.looseObject({ latency_ms: ms, version: z.string().nullable(), error: z.string().nullable() }),
    flapping: z.boolean(),
    breaker: z.enum(["closed", "open"]),
    stale: z.boolean(),
    version: z.string().nullable(),
    port: z.int().nullable(),
    container_id: z.string().nullable(),
    agent: z.string().nullable(),
    tags: z.array(z.string()),
    capabilities: z.array(z.string()),
    metadata: json,
    depends_on: z.array(z.string()),
    enabled: z.boolean(),
    created_at: time,
    updated_at: time,
  })
  .openapi("Service");

export const projectSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    status: z.enum(["running", "stopped"]),
    health: z.enum(HEALTHS),
    service_count: z.int(),
    metadata: json,
    created_at: time,
    updated_at: time,
  })
  .openapi("Project");

const attemptSchema = z.object({
  at: time,
  vantage: z.string(),
  ok: z.boolean(),
  latency_ms: ms,
  error: z.string().nullable(),
});

export const flipSchema = z
  .object({
    seq: z.int(),
    service_id: z.int(),
    from: z.enum(STATUSES),
    to: z.enum(STATUSES),
    reason: z.string(),
    at: time,
    began_at: time.describe("The first failing check of an outage"),
    evidence: z.array(attemptSchema),
  })
  .openapi("Flip");

export const listedFlipSchema = flipSchema
  .extend({ project_id: z.int(), project: z.string(), name: z.string() })
  .openapi("ListedFlip");

export const outcomeSchema = z
  .object({
    service_id: z.int(),
    name: z.string(),
    status: z.enum(STATUSES),
    since: time,
    consecutive_failures: z.int(),
    flapping: z.boolean(),
    observation: z.object({
      at: time,
      vantage: z.string(),
      ok: z.boolean(),
      verdict: z.enum(VERDICTS),
      latency_ms: ms,
      error: z.string().nullable(),
      details: json,
    }),
    flips: z.array(flipSchema),
    retry: z.object({ attempt: z.int(), delay_ms: z.number(), vantage: z.string() }).nullable(),
  })
  .openapi("Outcome");

export const serviceHealthSchema = z
  .object({
    service_id: z.int(),
    name: z.string(),
    status: z.enum(STATUSES),
    since: time,
    last_health_check: time.nullable(),
    latency_ms: ms,
    consecutive_failures: z.int(),
    details: json,
    uptime_seconds: z.int(),
    uptime: z.object({ "24h": ms, "7d": ms, "30d": ms }).describe("Ratios; null when nothing is known"),
    latency: z.object({ p50: ms, p95: ms, p99: ms }).describe("Milliseconds, of the last 24 hours"),
    recent: z.array(attemptSchema.extend({ status: z.enum(STATUSES), verdict: z.enum(VERDICTS) })),
    flips: z.array(flipSchema),
  })
  .openapi("ServiceHealth");

export const historySchema = z
  .object({
    points: z.array(
      z.object({
        at: time,
        checks: z.int(),
        failures: z.int(),
        uptime: ms,
        p50: ms,
        p95: ms,
        p99: ms,
        max: ms,
      }),
    ),
    flips: z.array(flipSchema),
  })
  .openapi("History");

/** A response with a JSON body. */
export function answer<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A required JSON body. */
export function body<S extends z.ZodType>(schema: S) {
  return { required: true as const, content: { "application/json": { schema } } };
}
