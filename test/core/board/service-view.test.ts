import { describe, expect, test } from "vitest";
import { registryChange } from "../../../src/core/board/registry-change.ts";
import { currentState, toService, uptimeSeconds } from "../../../src/core/board/service-view.ts";
import { T0 } from "../fixtures.ts";
import { aLiveState, aRow } from "../rows.ts";

describe("a service as the API shows it", () => {
  test("has the live state when that is as new as the row", () => {
    const live = aLiveState({ status: "degraded", since: T0 + 5_000, latency_ms: 1_500, details: { version: "2.0" } });
    const service = toService(aRow(), live, T0 + 6_000);
    expect(service).toMatchObject({
      health_status: "degraded",
      status_since: "2026-11-05T10:00:05.000Z",
      last_health_check: "2026-11-05T10:00:00.000Z",
      health_details: { latency_ms: 1_500, version: "2.0", error: null },
      version: "2.0",
    });
  });

  test("has the row's status when the database knows a newer flip", () => {
    const row = aRow({ status: "down", status_since: T0 + 9_000, flip_seq: 5 });
    const service = toService(row, aLiveState({ flip_seq: 4 }), T0 + 9_000);
    expect(service).toMatchObject({ health_status: "down", status_since: "2026-11-05T10:00:09.000Z" });
  });

  test("is unheard of without a live state", () => {
    expect(toService(aRow(), null, T0)).toMatchObject({
      health_status: "up",
      last_health_check: null,
      health_details: { latency_ms: null, version: "1.0", error: null },
      consecutive_failures: 0,
    });
  });

  test.each([
    ["disabled", aRow({ enabled: false, updated_at: T0 + 1 })],
    ["in a stopped project", aRow({ project_status: "stopped", updated_at: T0 + 1 })],
  ])("is unknown while it is %s", (_, row) => {
    const service = toService(row, aLiveState({ status: "down" }), T0 + 86_400_000);
    expect(service).toMatchObject({ health_status: "unknown", stale: false, breaker: "closed" });
    expect(service.status_since).toBe("2026-11-05T10:00:00.001Z");
  });

  test("keeps the start of an unknown status while it is disabled", () => {
    const row = aRow({ enabled: false, status: "unknown", status_since: T0 - 1, updated_at: T0 });
    expect(currentState(row, null, T0).since).toBe(T0 - 1);
  });

  test("is stale after a long silence, and its breaker opens in a long outage", () => {
    expect(toService(aRow(), aLiveState(), T0 + 600_000)).toMatchObject({ stale: true, breaker: "closed" });
    const live = aLiveState({ status: "down", last_at: T0 + 3_600_000 });
    expect(toService(aRow(), live, T0 + 3_600_000)).toMatchObject({ stale: false, breaker: "open" });
  });

  test("says which vantages can't see it", () => {
    expect(toService(aRow(), aLiveState({ unseen_from: ["home"] }), T0).health_details.unseen_from).toEqual(["home"]);
  });

  test("runs for as long as it is up or degraded", () => {
    const state = (status: "up" | "degraded" | "down") => currentState(aRow(), aLiveState({ status }), T0);
    expect(uptimeSeconds(state("up"), T0 + 61_900)).toBe(61);
    expect(uptimeSeconds(state("degraded"), T0 + 1_000)).toBe(1);
    expect(uptimeSeconds(state("down"), T0 + 61_000)).toBe(0);
    expect(uptimeSeconds(state("up"), T0 - 1_000)).toBe(0);
  });
});

describe("what the hub hears of a change", () => {
  const row = aRow();
  const off = aRow({ enabled: false });
  const stopped = aRow({ project_status: "stopped" });
  const revised = aRow({ rev: row.rev + 1 });

  test.each([
    ["a new service", null, row, { registered: [row], deregistered: [], created: [row.id], revised: [row.id] }],
    ["a service with other tags", row, row, { registered: [row], deregistered: [], created: [], revised: [] }],
    [
      "a service with another check",
      row,
      revised,
      { registered: [revised], deregistered: [], created: [], revised: [row.id] },
    ],
    [
      "a service that is enabled",
      off,
      row,
      { registered: [row], deregistered: [], created: [row.id], revised: [row.id] },
    ],
    [
      "a service whose project starts",
      stopped,
      row,
      { registered: [row], deregistered: [], created: [row.id], revised: [row.id] },
    ],
    [
      "a deleted service",
      row,
      null,
      { registered: [], deregistered: [{ row, deleted: true }], created: [], revised: [] },
    ],
    [
      "a service that is disabled",
      row,
      off,
      { registered: [], deregistered: [{ row: off, deleted: false }], created: [], revised: [] },
    ],
    [
      "a service whose project stops",
      row,
      stopped,
      { registered: [], deregistered: [{ row: stopped, deleted: false }], created: [], revised: [] },
    ],
    ["a new service that is disabled", null, off, null],
    [
      "a deleted service that nobody watched",
      stopped,
      null,
      { registered: [], deregistered: [{ row: stopped, deleted: true }], created: [], revised: [] },
    ],
  ])("%s", (_, before, after, change) => {
    expect(registryChange([{ before, after }])).toEqual(change);
  });
});
