/** The messages between an agent and its hub: checks in one direction, observations in the other. */

import { z } from "zod";
import { checkSchema } from "../lane/queue-messages.ts";
import type { Check, Finding } from "../service/check.ts";
import { healthOptionsSchema } from "../service/options.ts";
import { agentVantage, type Round, STATUSES, VERDICTS } from "../service/records.ts";
import { staleAt } from "../status/breaker.ts";
import { MAX_AGENT_AHEAD_MS, MAX_REFUSED_MS } from "../time/durations.ts";
import { MAX_ERROR_CHARS } from "../values/error-text.ts";
import { printableText } from "../values/printable.ts";
import { readEach, type Unread } from "../values/read-each.ts";
import { containersDigest, takesContainers } from "./discovery.ts";

/** An agent runs this many checks. */
export const MAX_AGENT_CHECKS = 5_000;
/** Observations in one report. The hub makes some calls for each round of them. */
export const MAX_REPORTED = 500;
export const MAX_DETAILS = 64;
export const MAX_DETAIL_NAME_CHARS = 64;
export const MAX_DETAIL_CHARS = 256;
/** No attempt has a higher number. */
const MAX_ATTEMPT = 20;
const MAX_LATENCY_MS = 86_400_000;

// An agent does not trust its hub, so it looks at the options too.
const agentCheckSchema = checkSchema.extend({ health_options: healthOptionsSchema });

/** `GET /api/agents/{name}/checks`. */
export const agentChecksSchema = z
  .object({
    hub_id: z.string(),
    agent: z.string(),
    /** The hub's clock, Unix ms. */
    now: z.number(),
    /** Whether the hub asks the agent to look at the hub's own services, too; an older hub leaves it out. */
    vantage: z.boolean().optional(),
    containers: containersDigest.optional(),
    takes_containers: takesContainers.optional(),
    checks: z.array(agentCheckSchema).max(MAX_AGENT_CHECKS),
  })
  .meta({ id: "AgentChecks" });
export type AgentChecks = z.infer<typeof agentChecksSchema>;

const anyChecksSchema = agentChecksSchema.extend({ checks: z.array(z.unknown()).max(MAX_AGENT_CHECKS) });

/** The checks as an agent reads them. It may be older than its hub: it names those that it can't read, and runs the others. */
export interface ReadChecks {
  answer: AgentChecks;
  unread: Unread[];
}

export const readChecksSchema = anyChecksSchema.transform(({ checks, ...rest }): ReadChecks => {
  const { read, unread } = readEach(agentCheckSchema, checks);
  return { answer: { ...rest, checks: read }, unread };
});

const detailSchema = z.union([printableText(MAX_DETAIL_CHARS), z.number(), z.boolean(), z.null()]);

/** The fields of one look of an agent at a service. */
export const observedFields = {
  at: z.number().min(0).describe("Start of the check, Unix ms"),
  verdict: z.enum(VERDICTS),
  latency_ms: z.number().min(0).max(MAX_LATENCY_MS).nullable(),
  error: printableText(MAX_ERROR_CHARS).nullable(),
  details: z
    .record(z.string().max(MAX_DETAIL_NAME_CHARS), detailSchema)
    .refine((details) => Object.keys(details).length <= MAX_DETAILS, `more than ${MAX_DETAILS} details`),
};

/** Unknown fields are left out: an agent may be newer than its hub. */
export const reportedObservationSchema = z
  .object({
    service_id: z.int().min(1),
    rev: z.int().min(1).describe("Revision of the check"),
    due_at: z.number().min(0).describe("When the round was due, Unix ms"),
    attempt: z.int().min(0).max(MAX_ATTEMPT).describe("0: the scheduled check; k: its k-th retry"),
    ...observedFields,
  })
  .meta({ id: "AgentObservation" });
export type ReportedObservation = z.infer<typeof reportedObservationSchema>;

/** `POST /api/agents/{name}/observations`. */
export const agentReportSchema = z
  .object({
    version: printableText(64).describe("Of the agent"),
    host: printableText(255).describe("Name of the agent's machine"),
    problem: printableText(MAX_ERROR_CHARS).nullable().describe("What a person should look at; null: nothing"),
    waiting: z.int().min(0).describe("Observations that wait in the agent's spool after these"),
    dropped: z.int().min(0).describe("Observations that the spool ever had no room for"),
    tells_again: z.boolean().optional().describe("Whether the agent tells again what the receipt calls `untaken`"),
    leaving: z.boolean().optional().describe("Whether the agent stops now, so that another process may have its name"),
    observations: z.array(reportedObservationSchema).max(MAX_REPORTED).describe("Oldest first"),
  })
  .meta({ id: "AgentReport" });
export type AgentReport = z.infer<typeof agentReportSchema>;

/** The same as the hub reads it: an observation that it can't read costs only itself. */
export const readReportSchema = agentReportSchema.extend({
  observations: z.array(z.unknown()).max(MAX_REPORTED).describe("Oldest first"),
});

export const agentReceiptSchema = z
  .object({
    now: z.number().describe("The hub's clock, Unix ms"),
    news: z.int().describe("Observations that the services' status follows"),
    late: z.int().describe("Observations that are history only, because they came too late"),
    refused: z
      .array(z.object({ service_id: z.int().describe("0: the observation names none"), reason: z.string() }))
      .describe("Observations that were not taken in, and why"),
    late_services: z.array(z.int()).optional().describe("Whose observations these are"),
    untaken: z
      .array(z.int())
      .default([]) // an older hub takes in all or nothing
      .describe("Services of which the hub could not take in what was reported. The agent tells it again later"),
    states: z
      .array(z.object({ service_id: z.int(), status: z.enum(STATUSES), since: z.number() }))
      .default([]) // an older hub sends none
      .describe("What the hub says of the reported services now: status, and its start in Unix ms"),
  })
  .meta({ id: "AgentReceipt" });
export type AgentReceipt = z.infer<typeof agentReceiptSchema>;
export type TakenReport = Pick<AgentReceipt, "news" | "late" | "late_services" | "states" | "untaken">;

/** A finding of an agent, with its place in the schedule. */
export interface AgentFinding extends Finding, Pick<Round, "due_at" | "attempt"> {}

/** An older revision than the check's stays with it, so that the lane can drop it. */
export function toFinding(reported: ReportedObservation, check: Check, agent: string, now: number): AgentFinding {
  const { rev, attempt, verdict, latency_ms, error, details } = reported;
  const due_at = Math.round(reported.due_at);
  const at = Math.min(reported.at, now); // its clock may be a little ahead
  const observation = { at, vantage: agentVantage(agent), verdict, latency_ms, error, details };
  return { check: { ...check, rev }, due_at, attempt, observation };
}

/** Why the hub does not take in an observation; null: it does. `now`, `oldest` (what the history still keeps): Unix ms. */
export function refusalOf(
  reported: ReportedObservation,
  check: Check | undefined,
  now: number,
  oldest = 0,
): string | null {
  if (check === undefined) return "this agent has no such service";
  if (reported.rev > check.rev) return "the check has no such revision yet";
  if (reported.at > now + MAX_AGENT_AHEAD_MS) return "it was made in the future; the agent's clock is wrong";
  if (Math.min(reported.at, reported.due_at) < oldest) return "it is older than what the history keeps";
  const early = reported.due_at - reported.at;
  if (early > MAX_AGENT_AHEAD_MS || -early > longestChainMs(check)) return "it was not made when its round was due";
  return null;
}

/** From the time at which a round is due to its last retry, and an interval more for an agent that was busy. */
function longestChainMs({ health_interval, health_retries, health_timeout }: Check): number {
  const longestDelay = Math.min(health_interval, 2 ** health_retries);
  return (2 * health_interval + (health_retries + 1) * (health_timeout + 2 * longestDelay)) * 1_000;
}

/**
 * Whether the status follows what was seen at `at`. By the time that an older one came, the hub has said that it does
 * not know; but not while it could not hear the service although it ran. `refusedUntil`: until when; 0: never. Unix ms.
 */
export function isNews(check: Check, at: number, refusedUntil: number, now: number): boolean {
  const standing = { status: check.recorded_status, since: check.recorded_since };
  return now <= staleAt(Math.max(at, Math.min(refusedUntil, at + MAX_REFUSED_MS)), check, standing);
}
