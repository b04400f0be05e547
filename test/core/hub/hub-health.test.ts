import { describe, expect, test } from "vitest";
import { type HubFacts, hubHealth, type PipelineHealth, troublesOf } from "../../../src/core/hub/hub-health.ts";
import { hubMetrics } from "../../../src/core/hub/hub-metrics.ts";
import { T0 } from "../fixtures.ts";

const MINUTE = 60_000;

function facts(pipeline: Partial<PipelineHealth> | null, over: Partial<HubFacts> = {}): HubFacts {
  const quiet = { planned_at: T0, probed_at: T0, recorded_at: T0, dead_letters: 0 };
  return {
    hub_id: "hub-main",
    version: "1.2.3",
    database_ms: 4,
    watching_since: T0 - 60 * MINUTE,
    pipeline: pipeline === null ? null : { ...quiet, ...pipeline },
    more: {},
    ...over,
  };
}

test("checks that can't work as they are are a warning, the first of them named by their ids", () => {
  const health = hubHealth(facts({ unfit: { count: 3, first: ["service 7: name: reserved", "service 9: x"] } }), T0);
  expect(health.status).toBe("warn");
  expect(health.checks["checks:options"]).toMatchObject([
    {
      status: "warn",
      observedValue: 3,
      output: "checks that can't work as they are: service 7: name: reserved; service 9: x; and 1 more",
    },
  ]);
  expect(hubHealth(facts({ unfit: { count: 0, first: [] } }), T0).checks["checks:options"]).toBeUndefined();
});

test("what does not pass is the hub's trouble, with its reason; of several checks of one name, the worst", () => {
  const link = { componentType: "component", time: "" } as const;
  const late = { ...link, status: "warn", output: "hub-b is late" } as const;
  const away = { ...link, status: "fail", output: "hub-c is away" } as const;
  const health = hubHealth(facts({ dead_letters: 2 }, { more: { "federation:peers": [late, away] } }), T0);
  expect(troublesOf(health)).toEqual([
    { name: "queues:deadLetters", status: "warn", output: null },
    { name: "federation:peers", status: "fail", output: "hub-c is away" },
  ]);
  expect(troublesOf(hubHealth(facts({}), T0))).toEqual([]);
});

describe("the hub's own health", () => {
  test.each<[string, HubFacts, string]>([
    ["passes when all steps ran lately", facts({}), "pass"],
    ["warns when nothing was planned for more than three minutes", facts({ planned_at: T0 - 4 * MINUTE }), "warn"],
    ["fails when nothing was planned for more than ten minutes", facts({ planned_at: T0 - 11 * MINUTE }), "fail"],
    ["passes on a fresh hub without projects", facts({ planned_at: null }, { watching_since: null }), "pass"],
    ["passes in a fresh hub's first minutes", facts({ planned_at: null }, { watching_since: T0 - MINUTE }), "pass"],
    ["fails when an old hub never planned", facts({ planned_at: null }), "fail"],
    ["fails without the database", facts({}, { database_ms: null }), "fail"],
    ["fails without the live board", facts(null), "fail"],
    ["warns of dead letters", facts({ dead_letters: 2 }), "warn"],
    ["passes while no round was ever probed or recorded", facts({ probed_at: null, recorded_at: null }), "pass"],
    ["warns when records lag behind probes", facts({ recorded_at: T0 - 6 * MINUTE }), "warn"],
    [
      "warns when probes are late for the shortest interval",
      facts({ probed_at: T0 - 4 * MINUTE, shortest_interval: 5 }),
      "warn",
    ],
    [
      "passes when probes are as rare as the interval says",
      facts({ probed_at: T0 - 60 * MINUTE, recorded_at: T0 - 60 * MINUTE, shortest_interval: 3_600 }),
      "pass",
    ],
    [
      "takes in the checks of other parts",
      facts({}, { more: { other: [{ componentType: "component", status: "warn", time: "" }] } }),
      "warn",
    ],
  ])("%s", (_, given, status) => {
    expect(hubHealth(given, T0).status).toBe(status);
  });

  test("names ages in seconds", () => {
    const { checks } = hubHealth(facts({ planned_at: T0 - 30_000 }), T0);
    expect(checks["queues:plannedAge"]?.[0]).toMatchObject({ observedValue: 30, observedUnit: "s", status: "pass" });
    expect(checks["database:responseTime"]?.[0]).toMatchObject({ observedValue: 4, observedUnit: "ms" });
  });
});

test("metrics leave out what is not known", () => {
  const names = (given: HubFacts) =>
    hubMetrics(hubHealth(given, T0), given.pipeline, T0)
      .filter((metric) => metric.samples.length > 0)
      .map((metric) => metric.name);
  expect(names(facts(null))).toEqual(["hub_build_info", "hub_healthy"]);
});
