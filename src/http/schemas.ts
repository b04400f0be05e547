/** The response schemas of the OpenAPI document. Each one has a name, which generated clients use as a type name. */

import { z } from "@hono/zod-openapi";
import { summarySchema as coreSummarySchema } from "../core/board/summary.ts";
import { HEALTH_METHODS } from "../core/methods/index.ts";
import { HEALTHS, SERVICE_TYPES, STATUSES, VERDICTS } from "../core/service/records.ts";
import { fieldSchemas } from "../core/service/service-definition.ts";
import * as core from "../core/status/recorded-flip.ts";

const time = z.iso.datetime();
const ms = z.number().nullable().describe("Milliseconds");
const json = z.record(z.string(), z.unknown());

export const statusSchema = z.enum(STATUSES).openapi("Status");
export const healthSchema = z.enum(HEALTHS).openapi("Health");
export const serviceTypeSchema = z.enum(SERVICE_TYPES).openapi("ServiceType");
export const healthMethodSchema = z.enum(HEALTH_METHODS).openapi("HealthMethod");
const projectStatusSchema = z.enum(["running", "stopped"]).openapi("ProjectStatus");
const verdictSchema = z.enum(VERDICTS).openapi("Verdict", {
  description:
    "`ok`: the check passed. `warn`: it passed, but the service reports that it is degraded. `fail`: it failed. `unprobeable`: the hub cannot check this target. `inconclusive`: the hub itself had a problem, so the check says nothing about the service.",
});
export const summarySchema = coreSummarySchema
  .extend({
    services: z.array(coreSummarySchema.shape.services.element.meta({ id: "SummaryService" })),
    projects: z.array(coreSummarySchema.shape.projects.element.meta({ id: "SummaryProject" })),
  })
  .meta({ id: "Summary" });

export const serviceSchema = z
  .object({
    id: z.int(),
    project_id: z.int(),
    project: z.string().describe("Name of the project"),
    project_status: projectStatusSchema.describe("In a stopped project, no service is checked"),
    ...fieldSchemas(),
    service_type: serviceTypeSchema,
    health_method: healthMethodSchema,
    health_status: statusSchema,
    status_since: time.describe("When the current status began"),
    last_health_check: time.nullable().describe("Null when no check result is known"),
    consecutive_failures: z.int(),
    health_details: z
      .looseObject({ latency_ms: ms, version: z.string().nullable(), error: z.string().nullable() })
      .describe("What the last check found")
      .openapi("HealthDetails"),
    flapping: z.boolean().describe("The status changes often at the moment"),
    breaker: z
      .enum(["closed", "open"])
      .describe("`open`: the service has been down for long and is checked less often"),
    stale: z.boolean().describe("No check result has arrived for several intervals"),
    paused_until: z.iso.datetime().nullable().describe("Disabled until then; null: not paused"),
    gone_since: z.iso.datetime().nullable().describe("When its container ended; null: it runs, or there is none"),
    created_at: time,
    updated_at: time,
    hidden: z
      .array(z.string())
      .describe(
        "Fields that this caller does not see as they are: without the scope write, texts among the options and the user and query of the target",
      ),
  })
  .openapi("Service");

export const projectSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    status: projectStatusSchema,
    health: healthSchema,
    service_count: z.int(),
    metadata: json,
    created_at: time,
    updated_at: time,
  })
  .openapi("Project");

const countsSchema = z
  .object({ unknown: z.int(), up: z.int(), degraded: z.int(), down: z.int() })
  .describe("Number of enabled services by status")
  .openapi("StatusCounts");

export const projectHealthSchema = z
  .object({
    project_id: z.int(),
    name: z.string(),
    status: projectStatusSchema,
    health: healthSchema,
    service_count: z.int(),
    counts: countsSchema,
    services: z.array(
      z
        .object({
          id: z.int(),
          name: z.string(),
          type: serviceTypeSchema,
          status: statusSchema,
          latency_ms: ms,
          since: time.describe("When the current status began"),
        })
        .openapi("ProjectServiceHealth"),
    ),
  })
  .openapi("ProjectHealth");

const attemptSchema = core.attemptSchema
  .extend({
    at: time,
    vantage: z.string().describe("Where the check ran: `home` or a location hint such as `weur`"),
    latency_ms: ms,
  })
  .openapi("CheckAttempt");

export const flipSchema = core.flipSchema
  .extend({
    seq: z.int().describe("Number of this change among the changes of its service; rises by one"),
    from: statusSchema,
    to: statusSchema,
    at: time,
    began_at: time.describe("Time of the first failed check of an outage"),
    evidence: z.array(attemptSchema).describe("The checks that led to the change"),
  })
  .openapi("Flip", { description: "A change of a service's status" });

export const listedFlipSchema = flipSchema
  .extend({ project_id: z.int(), project: z.string(), name: z.string() })
  .openapi("ListedFlip", { description: "A change of status, with the names of the service and its project" });

export const hubFlipSchema = flipSchema
  .omit({ service_id: true })
  .extend({ hub_id: z.string().describe("The other hub") })
  .openapi("HubFlip", { description: "A change of another hub's status, as this hub saw it" });

const observationSchema = z
  .object({
    at: time,
    vantage: z.string().describe("Where the check ran: `home` or a location hint such as `weur`"),
    ok: z.boolean(),
    verdict: verdictSchema,
    latency_ms: ms,
    error: z.string().nullable(),
    details: json,
  })
  .openapi("Observation");

const retrySchema = z.object({ attempt: z.int(), delay_ms: z.number(), vantage: z.string() }).openapi("Retry");

export const outcomeSchema = z
  .object({
    service_id: z.int(),
    name: z.string(),
    status: statusSchema,
    since: time.describe("When the current status began"),
    consecutive_failures: z.int(),
    flapping: z.boolean(),
    observation: observationSchema,
    flips: z.array(flipSchema).describe("Changes of status that the database may not contain yet, oldest first"),
    retry: z.union([retrySchema, z.null()]).describe("The next attempt after a failure; null when none is planned"),
  })
  .openapi("CheckOutcome");

export const serviceHealthSchema = z
  .object({
    service_id: z.int(),
    name: z.string(),
    status: statusSchema,
    since: time.describe("When the current status began"),
    last_health_check: time.nullable().describe("Null when no check result is known"),
    latency_ms: ms,
    consecutive_failures: z.int(),
    details: json.describe("What the last check found"),
    uptime_seconds: z.int(),
    uptime: z
      .object({ "24h": z.number().nullable(), "7d": z.number().nullable(), "30d": z.number().nullable() })
      .describe("Ratio from 0 to 1 for each period; null when nothing is known about the period")
      .openapi("UptimeRatios"),
    latency: z
      .object({ p50: ms, p95: ms, p99: ms })
      .describe("Percentiles of the response time in the last 24 hours, in milliseconds")
      .openapi("LatencyPercentiles"),
    recent: z
      .array(attemptSchema.extend({ status: statusSchema, verdict: verdictSchema }).openapi("RecentCheck"))
      .describe("The latest checks, newest first, at most 50"),
    flips: z.array(flipSchema).describe("The latest changes of status, newest first, at most 50"),
  })
  .openapi("ServiceHealth");

const historyPointSchema = z
  .object({
    at: time.describe("Start of the period that this point covers"),
    checks: z.int(),
    failures: z.int(),
    uptime: z.number().nullable().describe("Ratio from 0 to 1; null when nothing is known about the period"),
    p50: ms,
    p95: ms,
    p99: ms,
    max: ms,
  })
  .openapi("HistoryPoint");

export const historySchema = z
  .object({
    from: time.describe("Start of the range that all of this covers"),
    to: time.describe("End of that range, which does not belong to it"),
    points: z.array(historyPointSchema).describe("Cover the range without a break; each ends where the next begins"),
    flips: z.array(flipSchema),
    unwatched: z
      .array(z.object({ from: time, to: time }))
      .describe("Times in which the hub was away and nothing is known of the service"),
  })
  .openapi("ServiceHistory");

export const measurementsSchema = z
  .object({
    at: z.array(time).describe("Start of each period"),
    series: z.array(
      z
        .object({ name: z.string(), values: z.array(z.number().nullable()).describe("Means, in the order of `at`") })
        .openapi("Measurement"),
    ),
  })
  .openapi("Measurements");

/** Every page of a list has these fields in addition to its entries. */
export const pageFields = {
  next_cursor: z.string().nullable().describe("`cursor` of the next page; null on the last page"),
  total: z.int().describe("Number of entries on all pages, as the first page counted them"),
};

/** A response with a JSON body, for a route definition. */
export function jsonResponse<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

/** A list that the document describes with the registered schema `item`, whatever the hub itself accepts in it. */
export function listOf<S extends z.ZodType>(item: string, list: S) {
  return list.openapi({ type: "array", items: { $ref: `#/components/schemas/${item}` } });
}

/** A required JSON body of a request, for a route definition. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true as const, content: { "application/json": { schema } } };
}
