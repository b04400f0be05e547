/** Services as the live store holds them, and as the API lists them. */

import type { ServiceLite } from "../../src/core/board/live-protocol.ts";
import type { Service } from "../../src/dashboard/api/queries.ts";
import type { ServiceRow } from "../../src/dashboard/live/service-row.ts";

export const NOW = Date.parse("2026-11-05T10:00:00.000Z");
export const iso = (at: number) => new Date(at).toISOString();

export function aRow(over: Partial<ServiceRow> = {}): ServiceRow {
  return {
    id: 1,
    project_id: 1,
    project: "shop",
    name: "db",
    type: "database",
    status: "up",
    flapping: false,
    since: NOW - 60_000,
    last_at: NOW - 1_000,
    latency_ms: 5,
    listed: null,
    past: null,
    ...over,
  };
}

export function aLite(over: Partial<ServiceLite> = {}): ServiceLite {
  return {
    id: 1,
    project_id: 1,
    project: "shop",
    name: "db",
    type: "database",
    status: "up",
    flapping: false,
    since: iso(NOW - 60_000),
    last_health_check: iso(NOW - 1_000),
    latency_ms: 5,
    ...over,
  };
}

export function aService(over: Partial<Service> = {}): Service {
  return {
    id: 1,
    project_id: 1,
    project: "shop",
    project_status: "running",
    name: "db",
    service_type: "database",
    health_method: "postgres",
    health_url: "postgres://db:5432/app",
    health_interval: 30,
    health_timeout: 5,
    health_retries: 3,
    recover_after: 1,
    health_options: {},
    health_status: "up",
    status_since: iso(NOW - 60_000),
    last_health_check: iso(NOW - 1_000),
    consecutive_failures: 0,
    health_details: { latency_ms: 5, version: null, error: null },
    flapping: false,
    breaker: "closed",
    stale: false,
    version: null,
    port: 5432,
    container_id: null,
    agent: null,
    tags: [],
    capabilities: [],
    metadata: {},
    depends_on: [],
    enabled: true,
    paused_until: null,
    gone_since: null,
    hidden: [],
    created_at: iso(NOW),
    updated_at: iso(NOW),
    ...over,
  };
}
