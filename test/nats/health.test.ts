import { describe, expect, test } from "vitest";
import { natsChecks, natsMetrics, noBridge } from "../../src/nats/health.ts";
import type { BridgeStatus } from "../../src/platform/bindings.ts";
import { T0 } from "../core/fixtures.ts";

const MINUTE = 60_000;

const bridge = (over: Partial<BridgeStatus> = {}): BridgeStatus => ({
  ...noBridge(""),
  connected: true,
  reason: null,
  ...over,
});

const statuses = (status: BridgeStatus) =>
  Object.values(natsChecks(status, T0))
    .flat()
    .map((check) => check.status);

describe("the health of the bridge to NATS", () => {
  test.each<[string, BridgeStatus, string[]]>([
    ["passes when connected", bridge(), ["pass", "pass"]],
    ["only warns when NATS is away: the hub still checks", noBridge("gone"), ["warn", "pass"]],
    ["warns of events that wait for long", bridge({ oldest_event_at: T0 - 2 * MINUTE }), ["pass", "warn"]],
    ["warns of events lost within a day", bridge({ dropped: 3, dropped_at: T0 - MINUTE }), ["pass", "warn"]],
    ["forgives events lost long ago", bridge({ dropped: 3, dropped_at: T0 - 2e8 }), ["pass", "pass"]],
    ["warns while events wait in the log for room in the outbox", bridge({ log_waits: true }), ["pass", "warn"]],
    ["fails while the outbox is full", bridge({ outbox_full: true, dropped: 1 }), ["pass", "fail"]],
  ])("%s", (_, status, expected) => {
    expect(statuses(status)).toEqual(expected);
  });

  test("names the reason and the depth of the outbox", () => {
    const checks = natsChecks(bridge({ reason: "refused", outbox_depth: 3 }), T0);
    expect(checks["nats:connection"]?.[0]).toMatchObject({ output: "refused", status: "warn" });
    expect(checks["nats:outbox"]?.[0]).toMatchObject({ observedValue: 3, observedUnit: "messages", status: "pass" });
  });

  test("names each refused subject, how much waits for it and since when", () => {
    const refused = [
      { subject: "hub.a.health.api", reason: "no permission", events: 3, since: T0 - MINUTE },
      { subject: "hub.a.health.summary", reason: "too large", events: 0, since: T0 },
    ];
    const status = bridge({ outbox_depth: 3, refused, refused_subjects: 2_000, refused_events: 3 });
    const since = new Date(T0 - MINUTE).toISOString();
    expect(natsChecks(status, T0)).toMatchObject({
      "nats:connection": [{ status: "pass" }],
      "nats:refused": [
        {
          status: "warn",
          observedValue: 3,
          output: `hub.a.health.api and 1998 more that are not shown: no permission; since ${since}`,
        },
        {
          status: "warn",
          observedValue: 0,
          output: expect.stringMatching(/^hub\.a\.health\.summary: too large; since/),
        },
      ],
    });
    expect(natsMetrics(status, T0).find(({ name }) => name === "hub_nats_refused_messages")?.samples).toEqual([
      { labels: {}, value: 3 },
    ]);
  });

  test("says that NATS is not connected when nothing more is known", () => {
    const checks = natsChecks(bridge({ connected: false }), T0);
    expect(checks["nats:connection"]?.[0]).toMatchObject({ output: "not connected yet" });
  });

  test("is in the metrics", () => {
    const metrics = natsMetrics(bridge({ outbox_depth: 3, oldest_event_at: T0 - 4_000 }), T0);
    const value = (name: string) => metrics.find((metric) => metric.name === name)?.samples[0]?.value;
    expect(value("hub_nats_outbox_messages")).toBe(3);
    expect(value("hub_nats_outbox_oldest_seconds")).toBe(4);
  });
});
