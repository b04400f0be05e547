/** Every figure of a history, computed anew from what was recorded. */
import { beforeAll, describe, expect, test } from "vitest";
import type { ServiceRow } from "../../src/core/service/service-row.ts";
import type { Db } from "../../src/store/database.ts";
import { coveredRange, type HistoryPoint, historyPoints } from "../../src/store/history/history.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { applyRetention } from "../../src/store/history/retention.ts";
import { rollupHours } from "../../src/store/history/rollups.ts";
import { mulberry32 } from "../core/mulberry32.ts";
import { addProject, addService, flipOf, HOUR, message, migratedDatabase, NOW, result } from "./fixtures.ts";

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const RAW_HOURS = 30;
const random = mulberry32(20_261_105);

interface Recorded {
  at: number;
  verdict: number;
  latency: number | null;
}

let db: Db;
let row: ServiceRow;
const checks: Recorded[] = [];
/** When the status changed, in turns up and down. */
const turns: number[] = [];

beforeAll(async () => {
  db = await migratedDatabase();
  row = await addService(db, await addProject(db, "recomputed"), { name: "web" });
  for (let at = NOW - 5 * DAY; at < NOW; at += 30_000 + Math.floor(random() * 8 * MINUTE)) {
    const verdict = [1, 1, 1, 2, 0, 3, 4][Math.floor(random() * 7)] ?? 1;
    checks.push({ at, verdict, latency: random() < 0.1 ? null : Math.round(1_000 * random() ** 3 * 100) / 100 });
  }
  for (let at = NOW - 5 * DAY + 1; at < NOW; at += Math.floor(random() * 9 * HOUR)) turns.push(at);
  const flips = turns.map((at, i) =>
    i % 2 === 0 ? flipOf(row, i + 1, i === 0 ? "unknown" : "down", "up", at) : flipOf(row, i + 1, "up", "down", at),
  );
  const messages = checks.map(({ at, verdict, latency }) => message(row.lane, at, [result(row, { verdict, latency })]));
  for (let i = 0; i < messages.length; i += 100) await recordOutcomes(db, messages.slice(i, i + 100));
  await recordOutcomes(db, [message(row.lane, NOW, [], { flips })]);
  while ((await rollupHours(db, NOW + 3 * MINUTE)).more);
  await applyRetention(db, NOW, RAW_HOURS);
});

function expectedUptime(from: number, to: number): number | null {
  let known = 0;
  let up = 0;
  turns.forEach((at, i) => {
    const held = Math.max(0, Math.min(to, turns[i + 1] ?? Number.POSITIVE_INFINITY) - Math.max(from, at));
    known += held;
    if (i % 2 === 0) up += held;
  });
  return known === 0 ? null : up / known;
}

function expectPoint(point: HistoryPoint, end: number): void {
  const from = Date.parse(point.at);
  const inside = checks.filter(({ at, verdict }) => at >= from && at < end && verdict <= 2);
  const latencies = inside
    .flatMap(({ verdict, latency }) => (verdict === 0 || latency === null ? [] : [latency]))
    .sort((a, b) => a - b);
  expect(point).toMatchObject({
    checks: inside.length,
    failures: inside.filter(({ verdict }) => verdict === 0).length,
    max: latencies.at(-1) ?? null,
  });
  const uptime = expectedUptime(from, end);
  if (uptime === null) expect(point.uptime).toBeNull();
  else expect(point.uptime).toBeCloseTo(uptime, 9);
  for (const [ratio, found] of [[0.5, point.p50] as const, [0.95, point.p95] as const, [0.99, point.p99] as const]) {
    const exact = latencies[Math.max(0, Math.ceil(ratio * latencies.length) - 1)];
    if (exact === undefined || found === null) {
      expect([exact, found]).toEqual([undefined, null]);
      continue;
    }
    expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.max(exact * 0.05, 0.011));
    expect(found).toBeGreaterThanOrEqual(latencies[0] ?? 0);
    expect(found).toBeLessThanOrEqual(latencies.at(-1) ?? 0);
  }
}

const minutesAgo = (minutes: number) => NOW - minutes * MINUTE;
const ranges: [name: string, from: number, to: number][] = [
  ["seven minutes", minutesAgo(100), minutesAgo(93)],
  ["a part of an hour", minutesAgo(118.3), minutesAgo(77.7)],
  ["24 hours that cut their first and last hour", minutesAgo(24 * 60 + 17.5), minutesAgo(17.5)],
  ["exactly 24 hours", NOW - DAY, NOW],
  ["from what is deleted into what is not", NOW - 3 * DAY + 12_345, minutesAgo(33)],
  ["only what is deleted", NOW - 4 * DAY + 12_345, NOW - 2 * DAY + 54_321],
  ["twenty minutes of what is deleted", NOW - 3 * DAY + 5 * MINUTE, NOW - 3 * DAY + 25 * MINUTE],
  ["more than there is", NOW - 40 * DAY, NOW],
  ...Array.from({ length: 12 }, (_, i): [string, number, number] => {
    const from = Math.floor(NOW - random() * 5 * DAY);
    return [`at random (${i})`, from, from + 1 + Math.floor(random() * (NOW - from - 1))];
  }),
];

describe.each(ranges)("the history of %s", (_name, from, to) => {
  test.each([1, 2, 7, 96, 288])("in at most %d points has the figures of what was due in it", async (points) => {
    const covered = await coveredRange(db, row, { from, to }, NOW);
    const found = await historyPoints(db, row, covered, points, []);
    expect(found.length).toBeLessThanOrEqual(points);
    expect(Date.parse(found[0]?.at ?? "")).toBe(covered.from);
    found.forEach((point, i) => {
      const next = found[i + 1];
      expectPoint(point, next === undefined ? covered.to : Date.parse(next.at));
    });
  });

  test("covers what was asked for, and no more than the hours that it cuts", async () => {
    const covered = await coveredRange(db, row, { from, to }, NOW);
    const rawSince = NOW - RAW_HOURS * HOUR;
    expect(covered.from).toBe(from < rawSince ? Math.floor(from / HOUR) * HOUR : from);
    expect(covered.to).toBe(to < rawSince ? Math.ceil(to / HOUR) * HOUR : to);
  });
});
