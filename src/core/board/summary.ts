/** The health summary of a hub. It is published on NATS, returned by the API and exchanged between hubs. */
import { z } from "zod";
import { overallHealth } from "../service/health.ts";
import {
  HEALTHS,
  type Health,
  type LiveState,
  type ProjectStatus,
  SERVICE_TYPES,
  type ServiceType,
  STATUSES,
  type Status,
} from "../service/records.ts";
import type { Labels } from "./service-labels.ts";

/** The fields of a service that a summary goes without when it is too large, the first ones first. */
export const SPARE_FIELDS = [
  "metadata",
  "tags",
  "endpoints_healthy",
  "endpoints_total",
  "version",
  "uptime_seconds",
] as const;
export type SpareField = (typeof SPARE_FIELDS)[number];

export const summarySchema = z.object({
  hub_id: z.string(),
  timestamp: z.iso.datetime(),
  overall_status: z.enum(HEALTHS),
  left_out: z
    .array(z.enum(SPARE_FIELDS))
    .optional()
    .describe("Fields that all services lack here: the summary would be too large, or is from memory; absent: none"),
  services: z.array(
    z.object({
      name: z.string(),
      project: z.string(),
      type: z.enum(SERVICE_TYPES),
      status: z.enum(STATUSES),
      latency_ms: z.number().nullable(),
      version: z.string().optional(),
      uptime_seconds: z.int().optional(),
      endpoints_healthy: z.int().optional(),
      endpoints_total: z.int().optional(),
      tags: z.array(z.string()).optional().describe("Absent: left out, or not read yet"),
      metadata: z
        .record(z.string(), z.unknown())
        .optional()
        .describe("At most 1,000,000 bytes of all services together. Absent: left out, or not read yet"),
    }),
  ),
  projects: z.array(
    z.object({
      id: z.int(),
      name: z.string(),
      status: z.enum(["running", "stopped"]),
      health: z.enum(HEALTHS),
      service_count: z.int(),
    }),
  ),
});
export type Summary = z.infer<typeof summarySchema>;
export type SummaryService = Summary["services"][number];

export interface SummarisedService {
  project: string;
  name: string;
  service_type: ServiceType;
  version: string | null;
  live: LiveState;
  labels: Partial<Labels>;
}

export interface SummarisedProject {
  id: number;
  name: string;
  status: ProjectStatus;
  service_count: number;
}

export type StatusCounts = Record<Status, number>;

export function countStatuses(statuses: Iterable<Status>): StatusCounts {
  const counts: StatusCounts = { unknown: 0, up: 0, degraded: 0, down: 0 };
  for (const status of statuses) counts[status] += 1;
  return counts;
}

/** Reads what the board wrote with JSON.stringify. */
export function parseSummary(text: string): Summary {
  return JSON.parse(text);
}

/** `services`: the enabled services of running projects. `now`: Unix ms. `left_out`: labels that none of them has. */
export function summarize(
  hub_id: string,
  services: readonly SummarisedService[],
  projects: readonly SummarisedProject[],
  now: number,
  left_out: SpareField[] = [],
): Summary {
  const byProject = Map.groupBy(services, (service) => service.project);
  return {
    hub_id,
    timestamp: new Date(now).toISOString(),
    overall_status: hubHealth(services),
    ...(left_out.length === 0 ? {} : { left_out }),
    services: services.map((service) => summaryService(service, now)),
    projects: projects.map(({ id, name, status, service_count }) => ({
      id,
      name,
      status,
      health: status === "stopped" ? "unknown" : hubHealth(byProject.get(name) ?? []),
      service_count,
    })),
  };
}

function hubHealth(services: readonly SummarisedService[]): Health {
  return overallHealth(countStatuses(services.map((service) => service.live.status)));
}

function summaryService(
  { project, name, service_type, version, live, labels }: SummarisedService,
  now: number,
): SummaryService {
  const { endpoints_healthy, endpoints_total } = live.details;
  const known = live.details.version ?? version;
  const running = live.status === "up" || live.status === "degraded";
  return {
    name,
    project,
    type: service_type,
    status: live.status,
    latency_ms: live.latency_ms,
    ...(known === null ? {} : { version: known }),
    ...(running ? { uptime_seconds: Math.max(0, Math.floor((now - live.since) / 1_000)) } : {}),
    ...(endpoints_healthy === undefined ? {} : { endpoints_healthy }),
    ...(endpoints_total === undefined ? {} : { endpoints_total }),
    ...labels,
  };
}
