import { describe, expect, it } from "vitest";
import type { Status } from "../../src/core/service/records.ts";
import { rowOfListed } from "../../src/dashboard/live/service-row.ts";
import { badgesOf } from "../../src/dashboard/model/badges.ts";
import { seriesOf, shownCharts } from "../../src/dashboard/model/chart-series.ts";
import { figuresOf } from "../../src/dashboard/model/figures.ts";
import { timeOfDay } from "../../src/dashboard/model/format.ts";
import { metadataLinks } from "../../src/dashboard/model/metadata-links.ts";
import { localTimes, reasonNow } from "../../src/dashboard/model/reason-now.ts";
import { aRow, aService, iso, NOW } from "./rows.ts";

const DAY_MS = 86_400_000;
const health = (consecutive_failures = 0) =>
  ({
    uptime: { "24h": 1, "7d": 0.5, "30d": 0.25 },
    latency: { p50: 10, p95: 20, p99: 30 },
    consecutive_failures,
  }) as Parameters<typeof figuresOf>[0]["health"];
const figures = (age: number, over: Partial<Parameters<typeof figuresOf>[0]> = {}) =>
  figuresOf({ method: "http", created: NOW - age, row: aRow(), health: health(), ...over }, NOW);
const names = (...args: Parameters<typeof figures>) => figures(...args).map(({ name }) => name);

describe("the figures of a service", () => {
  it("have no period that is longer than the service is old", () => {
    const uptime = (age: number) => names(age).filter((name) => name.startsWith("Uptime"));
    expect(uptime(60 * DAY_MS)).toEqual(["Uptime, 24 h", "Uptime, 7 days", "Uptime, 30 days"]);
    const since = (age: number) => `Uptime since ${timeOfDay(NOW - age, NOW)}`;
    expect(uptime(3 * DAY_MS)).toEqual(["Uptime, 24 h", since(3 * DAY_MS)]);
    expect(uptime(600_000)).toEqual([since(600_000)]);
    expect(figures(600_000).find(({ name }) => name === since(600_000))?.value).toBe("100 %");
  });

  it("say nothing of the response time of a heartbeat, which has none", () => {
    expect(names(60 * DAY_MS, { method: "heartbeat" }).every((name) => name.startsWith("Uptime"))).toBe(true);
  });

  it("count failures only while there are some", () => {
    const failures = (status: Status, count: number, method: "http" | "heartbeat" = "http") =>
      names(DAY_MS, { row: aRow({ status }), health: health(count), method }).includes("Failures in a row");
    expect(failures("down", 3)).toBe(true);
    expect(failures("down", 0)).toBe(false);
    expect(failures("degraded", 1)).toBe(true);
    expect(failures("up", 3)).toBe(false);
    expect(failures("unknown", 3)).toBe(false);
    expect(failures("down", 3, "heartbeat")).toBe(false);
  });
});

describe("the charts of a service", () => {
  const point = { at: iso(NOW), checks: 1, failures: 0, uptime: 1, p50: 0.01, p95: 0.01, p99: 0.01, max: 0.01 };
  const unknown = { ...point, uptime: null, p50: null, p95: null, p99: null, max: null };

  it("leave out the response time of a heartbeat, and whatever has no values", () => {
    expect(shownCharts(seriesOf([point]), "http")).toEqual({ latency: true, uptime: true });
    expect(shownCharts(seriesOf([point]), "heartbeat")).toEqual({ latency: false, uptime: true });
    expect(shownCharts(seriesOf([{ ...point, p50: null }]), "http")).toEqual({ latency: false, uptime: true });
    expect(shownCharts(seriesOf([unknown]), "http")).toEqual({ latency: false, uptime: false });
  });
});

describe("a reason", () => {
  it("of silence grows as long as the silence does", () => {
    const heard = NOW - 240_000;
    expect(reasonNow("heartbeat: silent for 6 s", heard, NOW)).toBe("heartbeat: silent for 4 min");
    expect(reasonNow("stale: nothing heard for 16 s", heard, NOW)).toBe("stale: nothing heard for 4 min");
    const agent = "agent offline: nothing heard from dc-1 for 40 s";
    expect(reasonNow(agent, heard, NOW)).toBe("agent offline: nothing heard from dc-1 for 4 min");
    expect(reasonNow(agent, null, NOW)).toBe(agent);
  });

  it("of anything else stays, with its times in the reader's zone", () => {
    expect(reasonNow("http: status 503", NOW, NOW)).toBe("http: status 503");
    expect(localTimes(`paused until ${iso(NOW).slice(0, 16)}Z`, NOW)).toBe(`paused until ${timeOfDay(NOW, NOW)}`);
  });
});

describe("addresses in metadata", () => {
  it("become links, the runbook first, and only such as open a page or a message", () => {
    const metadata = {
      team: "shop",
      owner: "team@example.com",
      runbook: "https://runbooks.example/db",
      evil: "javascript:alert(1)",
      data: "data:text/html,x",
      nested: { runbook: "https://x.example" },
    };
    expect(metadataLinks(metadata)).toEqual([
      { label: "Runbook", href: "https://runbooks.example/db" },
      { label: "Owner", href: "mailto:team@example.com" },
    ]);
  });
});

describe("the badge of a service that is not checked", () => {
  const badges = (over: Parameters<typeof aService>[0]) => badgesOf(rowOfListed(aService(over), undefined), NOW);
  it("says whether it is stopped, paused or disabled", () => {
    expect(badges({ project_status: "stopped" })).toEqual(["stopped"]);
    expect(badges({ enabled: false, paused_until: iso(NOW + 60_000) })).toEqual(["paused"]);
    expect(badges({ enabled: false })).toEqual(["disabled"]);
  });

  it("is not the breaker's, which nobody opens for a heartbeat", () => {
    const down = { health_status: "down", status_since: iso(NOW - DAY_MS), last_health_check: iso(NOW) } as const;
    expect(badges({ ...down, health_method: "http" })).toContain("breaker");
    expect(badges({ ...down, health_method: "heartbeat" })).not.toContain("breaker");
  });
});
