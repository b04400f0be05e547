import { describe, expect, test } from "vitest";
import type { Status } from "../../src/core/service/records.ts";
import { rowOfListed } from "../../src/dashboard/live/service-row.ts";
import { badgesOf } from "../../src/dashboard/model/badges.ts";
import { projectCards } from "../../src/dashboard/model/project-card.ts";
import { countRows } from "../../src/dashboard/model/status-counts.ts";
import { verdict } from "../../src/dashboard/model/verdict.ts";
import { aRow, aService, iso, NOW } from "./rows.ts";

const rowsOf = (...statuses: Status[]) =>
  statuses.map((status, index) => aRow({ id: index, name: `s${index}`, status }));
const disabled = rowOfListed(aService({ id: 99, enabled: false, health_status: "unknown" }), undefined);

describe("the sentence", () => {
  test.each([
    [[], "unknown", "Nothing is watched yet."],
    [["up"], "healthy", "The one service is up."],
    [["up", "up", "up"], "healthy", "All 3 services are up."],
    [["up", "down"], "unhealthy", "s1 is down."],
    [["down", "down", "degraded"], "unhealthy", "s0 and s1 are down, 1 service degraded."],
    [["down", "down", "down", "up"], "unhealthy", "3 services are down."],
    [["up", "degraded", "unknown"], "degraded", "s1 is degraded; nothing is down."],
    [["up", "unknown", "unknown"], "unknown", "Nothing is down; 2 services not heard of yet."],
  ] as [Status[], string, string][])("of %j is %s: %s", (statuses, health, sentence) => {
    expect(verdict(rowsOf(...statuses))).toEqual({ health, sentence });
  });

  test("leaves out what is disabled", () => {
    expect(verdict([...rowsOf("up", "up"), disabled]).sentence).toBe("All 2 services are up.");
    expect(countRows([disabled]).unknown).toBe(0);
  });
});

describe("projects", () => {
  const project = { status: "running" as const, health: "unknown" as const, service_count: 0, metadata: {} };
  const times = { created_at: iso(NOW), updated_at: iso(NOW) };
  const known = [
    { ...project, ...times, id: 1, name: "shop" },
    { ...project, ...times, id: 2, name: "empty" },
    { ...project, ...times, id: 3, name: "asleep", status: "stopped" as const },
    { ...project, ...times, id: 4, name: "blog" },
  ];
  const rows = [
    aRow({ id: 1 }),
    aRow({ id: 2, project_id: 4, project: "blog", status: "down" }),
    { ...disabled, project_id: 1 },
  ];

  test("come worst first, with those last in which nothing is watched", () => {
    expect(projectCards(rows, known).map(({ name, health }) => [name, health])).toEqual([
      ["blog", "unhealthy"],
      ["shop", "healthy"],
      ["asleep", "unknown"],
      ["empty", "unknown"],
    ]);
  });

  test("that nobody listed yet are there through their services", () => {
    expect(projectCards(rows, []).map(({ name }) => name)).toEqual(["blog", "shop"]);
  });
});

describe("marks", () => {
  const listed = (over = {}) => rowOfListed(aService(over), undefined);

  test("of a service that is not listed yet say only that it flaps", () => {
    expect(badgesOf(aRow({ flapping: true, last_at: 0 }), NOW)).toEqual(["flapping"]);
  });

  test("say when it is stale, and when it is checked less often", () => {
    expect(badgesOf(listed({ last_health_check: iso(NOW - 3_600_000) }), NOW)).toEqual(["stale"]);
    const long = { health_status: "down", status_since: iso(NOW - 3_600_000) } as const;
    expect(badgesOf(listed(long), NOW)).toEqual(["breaker"]);
  });

  test("of what is disabled say nothing else", () => {
    expect(badgesOf(listed({ enabled: false, flapping: true, last_health_check: iso(0) }), NOW)).toEqual(["disabled"]);
  });
});
