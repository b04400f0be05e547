import { beforeAll, describe, expect, test } from "vitest";
import type { OutcomesMessage } from "../../../src/core/lane/queue-messages.ts";
import type { ProjectRow, ServiceRow } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import {
  coveredRange,
  type HistoryPoint,
  historyPoints,
  latencyPercentiles,
  recentChecks,
} from "../../../src/store/history/history.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { applyRetention } from "../../../src/store/history/retention.ts";
import { rollupHours } from "../../../src/store/history/rollups.ts";
import type { Latencies } from "../../../src/store/history/sums.ts";
import { ROLLUP_HOUR_KEY, setMeta } from "../../../src/store/meta.ts";
import { addProject, addService, flipOf, HOUR, message, migratedDatabase, NOW, result } from "../fixtures.ts";

const MINUTE = 60_000;

let db: Db;
let project: ProjectRow;
beforeAll(async () => {
  db = await migratedDatabase();
  project = await addProject(db, "shop");
});

/** A round every `every` ms in [from, to), the latency being the minute of the hour + 1. */
function roundsOf(row: ServiceRow, from: number, to: number, every: number): OutcomesMessage[] {
  return Array.from({ length: Math.ceil((to - from) / every) }, (_, i) => {
    const due = from + i * every;
    return message(row.lane, due, [result(row, { latency: new Date(due).getUTCMinutes() + 1 }), result({ id: 777 })]);
  });
}

async function record(messages: OutcomesMessage[]): Promise<void> {
  for (let i = 0; i < messages.length; i += 100) await recordOutcomes(db, messages.slice(i, i + 100));
}

/** `now`: when the answer is given. */
async function pointsOf(row: ServiceRow, from: number, to: number, points: number, now = NOW): Promise<HistoryPoint[]> {
  return await historyPoints(db, row, await coveredRange(db, row, { from, to }, now), points, []);
}

async function latencyOf(row: ServiceRow, from: number, to: number): Promise<Latencies> {
  return await latencyPercentiles(db, row, await coveredRange(db, row, { from, to }, NOW));
}

describe("recent checks", () => {
  test("come newest first, from every lane the service was in, also from the lane of its own that old releases gave it", async () => {
    const row = await addService(db, project, { name: "recent", health_interval: 201 });
    const lanes = [row.lane, 9_900_000, ...[1, 2, 3, 4, 5].map((n) => 9_900_000 + n), -row.id];
    await record([
      message(9_900_000, NOW - 4_000, [result(row, { latency: 1 })]),
      message(9_900_000, NOW - 3_500, [result({ id: row.id * 10 }, { latency: 99 })]),
      message(row.lane, NOW - 3_000, [
        result({ id: 771 }),
        result(row, { verdict: 0, status: "down", latency: null, error: "no" }),
      ]),
      message(row.lane, NOW - 3_000, [result(row, { latency: 3 })], { attempt: 1, vantage: "enam" }),
      message(-row.id, NOW - 1_500, [result(row, { verdict: 2, status: "degraded", latency: 4 })]),
      message(row.lane, NOW - 1_000, [result(row, { verdict: 4, latency: null })]),
      message(row.lane, NOW - 500, [result(row, { verdict: 99 })]),
    ]);
    const recent = await recentChecks(db, { id: row.id, lanes }, 50, NOW);
    expect(recent.map((check) => [check.latency_ms, check.ok, check.verdict, check.status, check.vantage])).toEqual([
      [10, false, "inconclusive", "up", "home"],
      [null, false, "inconclusive", "up", "home"],
      [4, true, "warn", "degraded", "home"],
      [3, true, "ok", "up", "enam"],
      [null, false, "fail", "down", "home"],
      [1, true, "ok", "up", "home"],
    ]);
    expect(recent[4]).toMatchObject({ at: new Date(NOW - 3_000).toISOString(), error: "no" });
    expect(await recentChecks(db, { id: row.id, lanes }, 2, NOW)).toEqual(recent.slice(0, 2));
  });

  test("of a service that was never checked are none", async () => {
    const row = await addService(db, project, { name: "silent", health_method: "heartbeat" });
    expect(await recentChecks(db, row, 50, NOW)).toEqual([]);
  });
});

describe("the history of a service", () => {
  test("counts checks and failures, and neither what could not be checked nor others' results", async () => {
    const row = await addService(db, project, { name: "counts", health_interval: 202 });
    const at = NOW - 30 * MINUTE;
    const verdicts = [1, 2, 0, 3, 4];
    await record(
      verdicts.map((verdict, i) =>
        message(row.lane, at + i, [result(row, { verdict, latency: 20 }), result({ id: 775 })]),
      ),
    );
    const points = await pointsOf(row, at, at + MINUTE, 10);
    expect(points).toHaveLength(6);
    expect(points[0]).toMatchObject({ at: new Date(at).toISOString(), checks: 3, failures: 1, max: 20, uptime: null });
    expect(points[1]).toEqual({
      at: new Date(at + 10_000).toISOString(),
      checks: 0,
      failures: 0,
      uptime: null,
      p50: null,
      p95: null,
      p99: null,
      max: null,
    });
  });

  test("has exact uptime in each bucket, an outage counting from its first failing check", async () => {
    const row = await addService(db, project, { name: "uptime", health_interval: 203 });
    const at = NOW - 2 * HOUR;
    const flips = [
      flipOf(row, 1, "unknown", "up", at - HOUR),
      flipOf(row, 2, "up", "down", at + 20 * MINUTE, at + 15 * MINUTE),
      flipOf(row, 3, "down", "up", at + 75 * MINUTE, at + 74 * MINUTE),
      flipOf(row, 4, "up", "down", NOW + MINUTE, NOW - 30 * MINUTE),
    ];
    await record([message(row.lane, at, [], { flips })]);
    const points = await pointsOf(row, at, NOW, 4);
    expect(points.map((point) => point.uptime)).toEqual([0.5, 0, 0.5, 0]);
    const before = await pointsOf(row, at - 2 * HOUR, at, 2);
    expect(before.map((point) => point.uptime)).toEqual([null, 1]);
  });

  test("is the same from rollups and from raw rounds, in buckets of an hour", async () => {
    const row = await addService(db, project, { name: "rolled", health_interval: 204 });
    const from = NOW - 6 * HOUR;
    await record(roundsOf(row, from, NOW - 10 * MINUTE, 4 * MINUTE));
    await record([message(row.lane, from + HOUR + 1, [result(row, { latency: 500 })])]);
    const raw = await pointsOf(row, from, NOW, 6);
    expect(raw).toHaveLength(6);
    expect(raw.map((point) => [point.checks, point.max])).toEqual([
      [15, 57],
      [16, 500],
      ...[2, 3, 4].map(() => [15, 57]),
      [13, 49],
    ]);
    while ((await rollupHours(db, NOW - HOUR)).more);
    expect(await pointsOf(row, from, NOW, 6)).toEqual(raw);
    while ((await rollupHours(db, NOW + 3 * MINUTE)).more);
    expect(await pointsOf(row, from, NOW, 6)).toEqual(raw);
    const latency = await latencyOf(row, from + 10 * MINUTE, NOW);
    expect(latency.p50).toBeGreaterThan(29 * 0.95);
    expect(latency.p50).toBeLessThan(29 * 1.05);
    expect(latency.p99).toBeGreaterThan(57 * 0.95);
  });

  test("has hours for buckets where its raw rounds are deleted, and short ones where they are there", async () => {
    const row = await addService(db, project, { name: "aged", health_interval: 205 });
    await record(roundsOf(row, NOW - 6 * HOUR, NOW, 5 * MINUTE));
    while ((await rollupHours(db, NOW + 3 * MINUTE)).more);
    const six = () => pointsOf(row, NOW - 6 * HOUR, NOW, 288);
    const short = await six();
    expect(short).toHaveLength(180);
    await applyRetention(db, NOW, 3);
    const long = await six();
    expect(long).toHaveLength(6);
    expect(long.map((point) => point.checks)).toEqual([12, 12, 12, 12, 12, 12]);
    await setMeta(db, ROLLUP_HOUR_KEY, NOW - 10 * HOUR);
    expect(await six()).toEqual(long);
    expect(await pointsOf(row, NOW - 2 * HOUR, NOW, 288)).toHaveLength(240);
    const newcomer = await addService(db, project, { name: "newcomer", health_interval: 205 });
    expect(await pointsOf(newcomer, NOW - 6 * HOUR, NOW, 288)).toHaveLength(180);
  });

  test("of more than two days has buckets of an hour or more", async () => {
    const row = await addService(db, project, { name: "long", health_interval: 206 });
    const points = await pointsOf(row, NOW - 3 * 24 * HOUR, NOW, 288);
    expect(points).toHaveLength(72);
  });

  test("of an empty range or of one that nothing is known of is empty, not an error", async () => {
    const row = await addService(db, project, { name: "empty", health_interval: 207 });
    expect(await latencyOf(row, NOW, NOW)).toEqual({ p50: null, p95: null, p99: null });
    expect(await pointsOf(row, NOW, NOW, 288)).toHaveLength(1);
    expect(await pointsOf(row, 0, NOW, 1)).toHaveLength(1);
  });
});
