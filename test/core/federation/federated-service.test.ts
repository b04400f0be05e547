import { describe, expect, test } from "vitest";
import type { CurrentState } from "../../../src/core/board/service-view.ts";
import { ofOwn, ofRemote, type RemoteRow } from "../../../src/core/federation/federated-service.ts";
import { freshness } from "../../../src/core/federation/federation.ts";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";

const NOW = Date.UTC(2026, 10, 24);
const described = {
  project: "shop",
  name: "api",
  service_type: "api" as const,
  version: null,
  port: 8_443,
  tags: ["a"],
  capabilities: [],
  metadata: {},
  depends_on: [],
};
const state: CurrentState = {
  status: "up",
  since: NOW,
  last_at: NOW,
  latency_ms: 3,
  error: null,
  details: {},
  consecutive_failures: 0,
  flapping: false,
  unseen_from: [],
  breaker: "closed",
  stale: false,
};
const row = {
  id: 7,
  enabled: true,
  gone_since: null,
  project_status: "running",
  health_method: "http",
  health_url: "https://user:${PROBE_SECRET_X}@api.example.com:8443/health?token=${PROBE_SECRET_X}",
  ...described,
} as unknown as ServiceRow; // the part of a row that is shown
const remote: RemoteRow = {
  hub_id: "hub-b",
  service_id: 7,
  address: "api.example.com",
  status: "degraded",
  status_since: NOW,
  latency_ms: 9,
  ...described,
};

describe("a service of this hub", () => {
  test("is shown with the host of its target, and nothing else of it", () => {
    const shown = ofOwn("hub-a", row, state);
    expect(shown).toMatchObject({
      hub_id: "hub-a",
      id: 7,
      address: "api.example.com",
      healthy: true,
      freshness: "live",
    });
    expect(JSON.stringify(shown)).not.toContain("PROBE_SECRET");
  });

  test("is not healthy when it is stale, disabled or never heard of", () => {
    expect(ofOwn("hub-a", row, { ...state, stale: true })).toMatchObject({ healthy: false, freshness: "stale" });
    expect(ofOwn("hub-a", { ...row, enabled: false }, state).healthy).toBe(false);
    expect(ofOwn("hub-a", row, { ...state, status: "unknown", last_at: null })).toMatchObject({ last_heard_at: null });
  });
});

describe("a service of another hub", () => {
  test("is as fresh as what is known of its hub", () => {
    expect(ofRemote(remote, "live", NOW)).toMatchObject({ id: 7, healthy: true, health_status: "degraded" });
    expect(ofRemote(remote, "stale", NOW)).toMatchObject({ healthy: false, health_status: "degraded" });
    expect(ofRemote({ ...remote, status: "down" }, "live", null)).toMatchObject({
      healthy: false,
      last_heard_at: null,
    });
  });

  test("is stale when its hub was not heard for three intervals, or never", () => {
    expect([180_000, 180_001].map((ms) => freshness(NOW - ms, 60, NOW))).toEqual(["live", "stale"]);
    expect(freshness(null, 60, NOW)).toBe("stale");
  });
});
