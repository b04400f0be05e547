import { expect, test } from "vitest";
import { overallHealth } from "../../../src/core/service/health.ts";
import { projectHealth, toProject } from "../../../src/core/service/project-view.ts";
import { T0 } from "../fixtures.ts";

const none = { unknown: 0, up: 0, degraded: 0, down: 0 };

test.each([
  [{ ...none }, "unknown"],
  [{ ...none, up: 3 }, "healthy"],
  [{ ...none, up: 3, unknown: 1 }, "unknown"],
  [{ ...none, up: 3, unknown: 1, degraded: 1 }, "degraded"],
  [{ up: 3, unknown: 1, degraded: 1, down: 1 }, "unhealthy"],
  [{ ...none, unknown: 2 }, "unknown"],
])("%j makes a project or hub %s", (counts, health) => {
  expect(overallHealth(counts)).toBe(health);
});

test("a stopped project is unknown, whatever its services were", () => {
  expect(projectHealth("stopped", { ...none, up: 2 })).toBe("unknown");
  expect(projectHealth("running", { ...none, up: 2 })).toBe("healthy");
});

test("a project shows its times as ISO 8601", () => {
  const row = {
    id: 1,
    name: "shop",
    status: "running" as const,
    stopped_by: null,
    metadata: { team: "a" },
    created_at: T0,
    updated_at: T0 + 1_000,
    service_count: 1,
    counts: { ...none, down: 1 },
  };
  expect(toProject(row)).toEqual({
    id: 1,
    name: "shop",
    status: "running",
    health: "unhealthy",
    service_count: 1,
    metadata: { team: "a" },
    created_at: "2026-11-05T10:00:00.000Z",
    updated_at: "2026-11-05T10:00:01.000Z",
  });
});
