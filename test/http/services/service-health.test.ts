import { describe, expect, test } from "vitest";
import type { Flip } from "../../../src/core/status/recorded-flip.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { addProject, addService, flipOf, HOUR, message, NOW, result } from "../../store/fixtures.ts";
import { aLive, testHub } from "../test-hub.ts";

const hub = await testHub();
const project = await addProject(hub.db, "shop");
const api = await addService(hub.db, project, { name: "api" });
const other = await addService(hub.db, project, { name: "other" });
const lane = api.lane;
await recordOutcomes(hub.db, [
  message(lane, NOW - 4 * HOUR, [result(api), result(other)], {
    flips: [flipOf(api, 1, "unknown", "up", NOW - 4 * HOUR), flipOf(other, 1, "unknown", "up", NOW - 4 * HOUR)],
  }),
  message(
    lane,
    NOW - 3 * HOUR,
    [result(api, { verdict: 0, status: "down", latency: null, error: "connect: refused" })],
    {
      flips: [flipOf(api, 2, "up", "down", NOW - 3 * HOUR)],
    },
  ),
  message(lane, NOW - 2 * HOUR, [result(api, { latency: 20 })], {
    flips: [flipOf(api, 3, "down", "up", NOW - 2 * HOUR)],
  }),
]);
hub.live.set(api.id, aLive({ since: NOW - 2 * HOUR, flip_seq: 3, latency_ms: 20, details: { version: "3.0" } }));

type History = { from: string; to: string; points: { at: string; checks: number; failures: number }[]; flips: Flip[] };
const path = `/api/services/${api.id}`;
const iso = (at: number) => new Date(at).toISOString();

describe("the health of a service", () => {
  test("joins the live state with the past", async () => {
    expect(await hub.call("GET", `${path}/health`, 200)).toMatchObject({
      service_id: api.id,
      name: "api",
      status: "up",
      since: iso(NOW - 2 * HOUR),
      last_health_check: iso(NOW),
      latency_ms: 20,
      consecutive_failures: 0,
      details: { version: "3.0", latency_ms: 20, error: null },
      uptime_seconds: 7_200,
      uptime: { "24h": 0.75, "7d": 0.75, "30d": 0.75 },
      latency: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
      recent: [
        { ok: true, status: "up", latency_ms: 20, vantage: "home", error: null },
        { ok: false, status: "down", latency_ms: null, error: "connect: refused" },
        { at: iso(NOW - 4 * HOUR), ok: true },
      ],
      flips: [{ seq: 3, from: "down", to: "up" }, { seq: 2 }, { seq: 1 }],
    });
  });

  test("of one that was never checked knows nothing", async () => {
    const fresh = await addService(hub.db, project, { name: "fresh" });
    expect(await hub.call("GET", `/api/services/${fresh.id}/health`, 200)).toMatchObject({
      status: "unknown",
      last_health_check: null,
      uptime_seconds: 0,
      recent: [],
      flips: [],
      uptime: { "24h": null, "7d": null, "30d": null },
      latency: { p50: null, p95: null, p99: null },
    });
    await hub.call("GET", "/api/services/999/health", 404);
  });
});

describe("the history of a service", () => {
  test("is the last day in at most 288 points unless asked otherwise", async () => {
    const { points, flips } = await hub.call<History>("GET", `${path}/history`, 200);
    expect(points.length).toBeLessThanOrEqual(288);
    expect(points.reduce((sum, point) => sum + point.checks, 0)).toBe(3);
    expect(points.reduce((sum, point) => sum + point.failures, 0)).toBe(1);
    expect(flips.map((flip) => flip.seq)).toEqual([1, 2, 3]);
  });

  test("is cut to a window, named in ISO 8601 or in Unix ms", async () => {
    for (const [from, to] of [
      [iso(NOW - 3.5 * HOUR), iso(NOW - 2.5 * HOUR)],
      [NOW - 3.5 * HOUR, NOW - 2.5 * HOUR],
    ]) {
      const { points, flips } = await hub.call<History>("GET", `${path}/history?from=${from}&to=${to}&points=4`, 200);
      expect(points.length).toBeLessThanOrEqual(4);
      expect(flips.map((flip) => flip.seq)).toEqual([2]);
    }
  });

  test.each([
    "from=0",
    "from=1970-01-01",
    "from=0&to=1",
    "to=8640000000000000",
    "points=1",
    "points=1000",
    "from=2026-01-01",
  ])("bears %s", async (query) => {
    const { points } = await hub.call<History>("GET", `${path}/history?${query}`, 200);
    expect(points.length).toBeLessThanOrEqual(1_000);
  });

  test("covers exactly what was asked for, and says so", async () => {
    const [from, to] = [NOW - 4 * HOUR + 1, NOW - 2 * HOUR];
    const history = await hub.call<History>("GET", `${path}/history?from=${from}&to=${to}&points=1`, 200);
    expect(history).toMatchObject({
      from: iso(from),
      to: iso(to),
      points: [{ at: iso(from), checks: 1, failures: 1 }],
    });
  });

  test.each([
    ["2026-11-05T06:00:00Z", NOW - 4 * HOUR],
    ["2026-11-05T06:00", NOW - 4 * HOUR],
    ["2026-11-05T08:00:00.000%2B02:00", NOW - 4 * HOUR],
    ["2026-11-05", NOW - 10 * HOUR],
    ["2024-02-29", Date.parse("2024-02-29")],
  ])("takes %s for the time that it names", async (text, from) => {
    expect(await hub.call("GET", `${path}/history?from=${text}&points=1`, 200)).toMatchObject({
      from: iso(Math.max(from, NOW - 731 * 24 * HOUR)),
    });
  });

  test.each(["history?from", "history?to", "measurements?from", "measurements?to"])(
    "%s refuses days that don't exist",
    async (query) => {
      for (const day of ["2026-02-30", "2025-02-29T10:00:00Z", "2026-04-31T00:00:00Z", "2026-11-05T25:00:00Z"]) {
        const problem = await hub.call("GET", `${path}/${query}=${day}`, 400);
        expect(JSON.stringify(problem)).toContain("expected an ISO 8601 time that exists");
      }
    },
  );

  test.each([
    "from=yesterday",
    "from=-1",
    "from=99999999999999999",
    "to=2026-13-45",
    "from=2026-11-05T10:00:00Z&to=2026-11-04",
    `from=${NOW + HOUR}`,
    "points=0",
    "points=1001",
    "points=NaN",
    "from=+010000-01-01",
  ])("refuses %s", async (query) => {
    await hub.call("GET", `${path}/history?${query}`, 400);
  });

  test("of an unknown service is not there", async () => {
    await hub.call("GET", "/api/services/999/history", 404);
  });
});

describe("the transitions of the hub", () => {
  type List = { flips: (Flip & { name: string })[]; next_cursor: string | null; total: number };

  test.each([
    ["", 4],
    ["service=api", 3],
    [`service=${other.id}`, 1],
    ["project=shop", 4],
    ["project=nowhere", 0],
    [`since=${iso(NOW - 2.5 * HOUR)}`, 1],
  ])("filtered by '%s' are %d", async (query, total) => {
    const list = await hub.call<List>("GET", `/api/flips?${query}`, 200);
    expect(list.flips).toHaveLength(total);
    expect(list.total).toBe(total);
  });

  test("come newest first, in pages that hold each once", async () => {
    const seen: string[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null && pages < 10; pages += 1) {
      const page: List = await hub.call("GET", `/api/flips?limit=1${cursor && `&cursor=${cursor}`}`, 200);
      seen.push(...page.flips.map((flip) => `${flip.name} ${flip.seq}`));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(["api 3", "api 2", "other 1", "api 1"]);
  });

  test.each(["cursor=x", "since=x", "since=2026-02-30", "limit=0"])("can't be had with %s", async (query) => {
    await hub.call("GET", `/api/flips?${query}`, 400);
  });
});
