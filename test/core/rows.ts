/** Builders for what the registry holds. */
import type { LiveState } from "../../src/core/service/records.ts";
import type { ServiceBody } from "../../src/core/service/registration.ts";
import type { ServiceRow } from "../../src/core/service/service-row.ts";
import { T0 } from "./fixtures.ts";

export function aRow(over: Partial<ServiceRow> = {}): ServiceRow {
  return {
    id: 7,
    project_id: 1,
    project: "shop",
    epoch: "",
    project_status: "running",
    name: "api",
    service_type: "api",
    health_method: "http",
    health_url: "https://api.example.com/health",
    health_interval: 30,
    health_timeout: 5,
    health_retries: 3,
    recover_after: 1,
    health_options: {},
    lane: 3_000_000,
    lanes: [3_000_000],
    rev: 1,
    status: "up",
    status_since: T0,
    flip_seq: 4,
    version: "1.0",
    port: 443,
    container_id: null,
    agent: null,
    tags: [],
    capabilities: [],
    metadata: {},
    depends_on: [],
    enabled: true,
    created_at: T0,
    paused_until: null,
    gone_since: null,
    gone_reason: null,
    updated_at: T0,
    unreadable: [],
    ...over,
  };
}

export function aLiveState(over: Partial<LiveState> = {}): LiveState {
  return {
    status: "up",
    since: T0,
    last_at: T0,
    latency_ms: 12,
    error: null,
    details: {},
    consecutive_failures: 0,
    flapping: false,
    unseen_from: [],
    flip_seq: 4,
    ...over,
  };
}

export function aBody(over: Partial<ServiceBody> = {}): ServiceBody {
  return { name: "api", health_method: "http", health_url: "https://api.example.com/health", ...over };
}
