/** A hub whose clock was a month ahead for one tick, and was then set right. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { beforeAll, expect, it } from "vitest";
import { unwatched } from "../../src/core/downtime/downtime.ts";
import type { Check, Finding } from "../../src/core/service/check.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import type { Clock } from "../../src/core/time/clock.ts";
import { boardOf, laneMonitorOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { recentUptimes } from "../../src/store/history/flips.ts";
import { coveredRange, historyPoints } from "../../src/store/history/history.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { getService } from "../../src/store/registry/services.ts";
import { rollups, rounds } from "../../src/store/tables/hub-tables.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { maintain } from "../../src/worker/maintenance.ts";
import { addProject, addService, flipOf, message, result } from "../store/fixtures.ts";

const MINUTE = 60_000;
const HOUR = 3_600_000;
const MONTH = 30 * 24 * HOUR;
/** In the middle of an hour, so that a part of it is rolled up too early. */
const NOW = Math.floor(Date.now() / HOUR) * HOUR - HOUR / 2;

let ahead = 0;
const clock: Clock = { ...systemClock, now: () => NOW + ahead };
const hub = hubOf(env as never, clock);
const db = openDatabase(env.DB);

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

/** The ticks of an hour that ends at `to`, as far as they do more than to look. */
async function ticks(to: number): Promise<void> {
  const at17 = Math.floor(to / HOUR) * HOUR + 17 * MINUTE;
  for (const at of [to - 20 * MINUTE, at17, to]) await maintain(at, hub);
}

it("costs only the time that it was wrong: hours are rolled up, no round is lost, uptime is known", async () => {
  const row = await addService(db, await addProject(db, "clocks"), { name: "web", health_interval: 60 });
  const first = NOW - 3 * HOUR;
  const roundsUntil = async (from: number, to: number) => {
    const messages = [];
    for (let at = from; at < to; at += MINUTE) messages.push(message(row.lane, at, [result(row)]));
    await recordOutcomes(db, messages);
  };
  await recordOutcomes(db, [message(row.lane, first, [], { flips: [flipOf(row, 1, "unknown", "up", first)] })]);
  await roundsUntil(first, NOW);
  const board = boardOf(env);
  await board.ticked(NOW - MINUTE);

  ahead = MONTH + 2 * HOUR;
  const wrong = Math.floor(clock.now() / HOUR) * HOUR + 17 * MINUTE; // retention has its turn
  await maintain(wrong, hub);
  await maintain(wrong + MINUTE, hub);
  await board.ticked(clock.now());
  ahead = 0;

  await board.ticked(NOW + MINUTE);
  const later = NOW + 2 * HOUR;
  await roundsUntil(NOW, later);
  await ticks(NOW + HOUR);
  await ticks(later);

  expect(await db.select().from(rounds).where(eq(rounds.lane, row.lane))).toHaveLength(5 * 60);
  const wholeHours = (await db.select().from(rollups)).filter(({ hour }) => hour + HOUR <= later - HOUR / 2);
  expect(wholeHours.map(({ checks }) => checks)).toEqual([30, 60, 60, 60, 60]);
  const covered = await coveredRange(db, row, { from: first, to: later }, later);
  const points = await historyPoints(db, row, covered, 1, []);
  expect(points.map(({ checks }) => checks)).toEqual([5 * 60]);

  const gaps = unwatched(await board.gaps(), row);
  expect(gaps.filter(({ to }) => to > NOW + MINUTE)).toEqual([]);
  expect(await recentUptimes(db, row.id, [4 * HOUR], later, gaps)).toEqual([1]);
});

it("a check that fails flips at once, although its lane has seen the future", async () => {
  const row = await addService(db, await addProject(db, "lanes"), {
    name: "db",
    health_interval: 20,
    health_retries: 0,
  });
  const stored = await getService(db, row.id);
  if (stored === undefined) throw new Error("no service");
  const check: Check = toCheck(stored);
  const lane = laneMonitorOf(env as never, row.lane);
  const look = async (at: number, verdict: "ok" | "fail") => {
    const observation = {
      at,
      vantage: "home",
      verdict,
      latency_ms: 1,
      error: verdict === "ok" ? null : "no",
      details: {},
    };
    const finding: Finding = { check, observation };
    const answer = await lane.observe({ lane: row.lane, due_at: at, attempt: 0 }, [finding], []);
    return answer.results[0]?.live;
  };
  const month = Date.now() + MONTH;
  expect(await look(month, "ok")).toMatchObject({ status: "up" });
  const now = Date.now();
  const live = await look(now, "fail");
  expect(live).toMatchObject({ status: "down", last_at: now });
  expect(live?.since).toBeLessThanOrEqual(Date.now());
});
