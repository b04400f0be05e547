import { eq } from "drizzle-orm";
import { beforeEach, describe, expect, test } from "vitest";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import { decodeHistogram } from "../../../src/core/values/histogram.ts";
import type { Db } from "../../../src/store/database.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { applyRetention } from "../../../src/store/history/retention.ts";
import { rollupHours } from "../../../src/store/history/rollups.ts";
import { getMeta, RAW_SINCE_KEY, ROLLUP_HOUR_KEY, setMeta } from "../../../src/store/meta.ts";
import { deleteProject } from "../../../src/store/registry/projects.ts";
import { deleteService, updateService } from "../../../src/store/registry/services.ts";
import { flips, meta, projects, rollups, rounds } from "../../../src/store/tables/hub-tables.ts";
import { addProject, addService, flipOf, HOUR, message, migratedDatabase, NOW, result } from "../fixtures.ts";
import { interruptedDatabase } from "../interrupted-database.ts";

const MINUTE = 60_000;
const YEAR = 365 * 24 * HOUR;
const AT_HOME = { attempt: 0, vantage: "home", started_at: 0 };

let db: Db;
let row: ServiceRow;
beforeEach(async () => {
  db = await migratedDatabase();
  await db.batch([db.delete(projects), db.delete(rounds), db.delete(flips), db.delete(rollups), db.delete(meta)]);
  row = await addService(db, await addProject(db, "shop"), { name: "web" });
});

async function record(...messages: Parameters<typeof recordOutcomes>[1]): Promise<void> {
  await recordOutcomes(db, messages);
}

const rollupsOf = (id: number) => db.select().from(rollups).where(eq(rollups.service_id, id));

describe("rolling up", () => {
  test("makes one row of a service's hour, from all its rounds", async () => {
    const hour = NOW - HOUR;
    await record(
      message(row.lane, hour, [result(row, { latency: 10 }), result({ id: 999 })]),
      message(row.lane, hour + HOUR - 1, [result(row, { verdict: 0, latency: 30 })]),
      message(row.lane, hour + HOUR - 1, [result(row, { verdict: 2, latency: 20 })], { attempt: 1 }),
      message(row.lane, hour + 5, [result(row, { verdict: 3, latency: 9_000 })]),
      message(row.lane, hour + 7, [result(row, { latency: null })]),
      message(row.lane, hour + HOUR, [result(row, { latency: 5 })]),
    );
    expect(await rollupHours(db, NOW + 2 * MINUTE)).toEqual({ hours: 1, more: false });
    const [rolled, ...others] = await db.select().from(rollups);
    expect(others).toEqual([]);
    expect(rolled).toMatchObject({ service_id: row.id, hour, checks: 4, failures: 1, max: 20 });
    expect([...decodeHistogram(rolled?.histogram ?? "").values()]).toEqual([1, 1]);
  });

  test("waits two minutes for late outcomes, and then does each hour once", async () => {
    await record(message(row.lane, NOW - HOUR, [result(row)]));
    expect(await rollupHours(db, NOW + 2 * MINUTE - 1)).toEqual({ hours: 0, more: false });
    expect((await rollupHours(db, NOW + 2 * MINUTE)).hours).toBe(1);
    expect(await rollupHours(db, NOW + 2 * MINUTE)).toEqual({ hours: 0, more: false });
    expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBe(NOW - HOUR);
  });

  test("takes in the lane that a service left within the hour", async () => {
    await record(message(row.lane, NOW - HOUR, [result(row)]));
    const moved = await updateService(db, row.id, { health_interval: 60 }, NOW);
    if (moved === undefined || moved === "duplicate") throw new Error("not moved");
    await record(message(moved.lane, NOW - 1, [result(row)]));
    await rollupHours(db, NOW + HOUR);
    expect((await rollupsOf(row.id)).map((rolled) => rolled.checks)).toEqual([2]);
  });

  test("catches up a few hours at a time, and skips those without rounds", async () => {
    const hours = [900, 899, 5, 4, 1].map((ago) => NOW - ago * HOUR);
    await record(...hours.map((hour) => message(row.lane, hour, [result(row)])));
    expect(await rollupHours(db, NOW + 2 * MINUTE)).toEqual({ hours: 3, more: true });
    expect(await rollupHours(db, NOW + 2 * MINUTE)).toEqual({ hours: 2, more: false });
    expect((await rollupsOf(row.id)).map((rolled) => rolled.hour)).toEqual(hours);
  });

  test("rolls an hour up again when rounds came late", async () => {
    await record(message(row.lane, NOW - 2 * HOUR, [result(row)]), message(row.lane, NOW - HOUR, [result(row)]));
    await rollupHours(db, NOW + 2 * MINUTE);
    await record(message(row.lane, NOW - 2 * HOUR + 1, [result(row, { verdict: 0 })]));
    expect(await rollupHours(db, NOW + 2 * MINUTE)).toEqual({ hours: 2, more: false });
    expect((await rollupsOf(row.id)).map((rolled) => [rolled.checks, rolled.failures])).toEqual([
      [2, 1],
      [1, 0],
    ]);
  });

  test("counts a round that is recorded at any moment of it, in an hour with rounds and in one that had none", async () => {
    for (const late of [NOW - HOUR + 1, NOW - 5 * HOUR, NOW - 3 * HOUR]) {
      let call = 0;
      for (let calls = 1; call < calls; call++) {
        await db.batch([db.delete(rounds), db.delete(rollups), db.delete(meta)]);
        await record(...[6, 4, 1].map((ago) => message(row.lane, NOW - ago * HOUR, [result(row)])));
        const interrupted = interruptedDatabase(async (now) => {
          if (now === call) await record(message(row.lane, late, [result(row, { verdict: 0 })]));
        });
        while ((await rollupHours(interrupted.db, NOW + 2 * MINUTE)).more);
        calls = interrupted.calls();
        while ((await rollupHours(db, NOW + 2 * MINUTE)).more);
        const failures = (await rollupsOf(row.id)).filter((rolled) => rolled.failures > 0).map((rolled) => rolled.hour);
        expect({ call, failures }).toEqual({ call, failures: [Math.floor(late / HOUR) * HOUR] });
        expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBe(NOW - HOUR);
      }
      expect(call).toBeGreaterThan(5);
    }
  });

  test("begins again when a clock that was ahead has set its mark, and then counts whole hours", async () => {
    const month = 30 * 24 * HOUR;
    await record(...[2, 1].map((ago) => message(row.lane, NOW - ago * HOUR, [result(row)])));
    await rollupHours(db, NOW + month - HOUR / 2); // in the middle of the last of these hours
    expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBeGreaterThan(NOW);
    await db.insert(rounds).values({ ...AT_HOME, lane: row.lane, due_at: NOW - 1, results: [result(row)] });
    while ((await rollupHours(db, NOW + 2 * MINUTE)).more);
    expect((await rollupsOf(row.id)).map((rolled) => rolled.checks)).toEqual([1, 2]);
    expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBe(NOW - HOUR);
  });

  test("done twice at once gives the same", async () => {
    await record(message(row.lane, NOW - HOUR, [result(row)]));
    await Promise.all([rollupHours(db, NOW + HOUR), rollupHours(db, NOW + HOUR)]);
    expect((await rollupsOf(row.id)).map((rolled) => rolled.checks)).toEqual([1]);
  });

  test("of a hub without services has nothing to do", async () => {
    await deleteService(db, row.id);
    expect(await rollupHours(db, NOW)).toEqual({ hours: 0, more: false });
  });
});

describe("retention", () => {
  const kept = async () => (await db.select().from(rounds)).map((round) => (NOW - round.due_at) / HOUR);

  test("deletes raw rounds of every lane after their hours, and rollups stay", async () => {
    const ages = [1, 47, 48, 49, 72];
    const other = await addService(db, await addProject(db, "other"), { name: "web", health_interval: 5 });
    await record(
      ...[row.lane, other.lane, -row.id].flatMap((lane) =>
        ages.map((age) => message(lane, NOW - age * HOUR, [result(row)])),
      ),
    );
    while ((await rollupHours(db, NOW + 2 * MINUTE)).more);
    expect(await applyRetention(db, NOW, 48)).toEqual({ deleted: 6, more: false });
    expect(new Set(await kept())).toEqual(new Set([1, 47, 48]));
    expect(await rollupsOf(row.id)).toHaveLength(ages.length);
  });

  test("keeps raw rounds until they are rolled up", async () => {
    await record(message(row.lane, NOW - 90 * HOUR, [result(row)]));
    expect(await applyRetention(db, NOW, 1)).toEqual({ deleted: 0, more: false });
    while ((await rollupHours(db, NOW)).more);
    expect(await applyRetention(db, NOW, 1)).toEqual({ deleted: 1, more: false });
    expect(await rollupsOf(row.id)).toHaveLength(1);
  });

  test("never lets an hour be rolled up again from what is left of it", async () => {
    await record(...[50, 50.5, 2].map((age) => message(row.lane, NOW - age * HOUR, [result(row)])));
    while ((await rollupHours(db, NOW)).more);
    await applyRetention(db, NOW, 24);
    const before = await rollupsOf(row.id);
    await record(...[1, 2, 3].map((ms) => message(row.lane, NOW - 50 * HOUR + ms, [result(row)])));
    while ((await rollupHours(db, NOW)).more);
    expect(await rollupsOf(row.id)).toEqual(before);
    expect(await getMeta(db, RAW_SINCE_KEY)).toBe(NOW - 24 * HOUR);
    await applyRetention(db, NOW, 48);
    expect(await getMeta(db, RAW_SINCE_KEY)).toBe(NOW - 24 * HOUR);
  });

  test("goes on when a clock that was ahead has set the start of the raw rounds", async () => {
    await record(...[50, 3].map((age) => message(row.lane, NOW - age * HOUR, [result(row)])));
    await setMeta(db, RAW_SINCE_KEY, NOW + 700 * HOUR);
    while ((await rollupHours(db, NOW)).more);
    expect(await rollupsOf(row.id)).toHaveLength(2);
    expect((await applyRetention(db, NOW, 48)).deleted).toBe(1);
    expect(await getMeta(db, RAW_SINCE_KEY)).toBe(NOW - 48 * HOUR);
  });

  test("never deletes an hour that counts again meanwhile", async () => {
    const late = message(row.lane, NOW - 60 * HOUR, [result(row, { verdict: 0 })]);
    for (let call = 0, calls = 1; call < calls; call++) {
      await db.batch([db.delete(rounds), db.delete(rollups), db.delete(meta)]);
      await record(...[60.5, 2].map((age) => message(row.lane, NOW - age * HOUR, [result(row)])));
      while ((await rollupHours(db, NOW)).more);
      const interrupted = interruptedDatabase(async (now) => {
        if (now === call && (await getMeta(db, RAW_SINCE_KEY)) === undefined) await record(late);
      });
      await applyRetention(interrupted.db, NOW, 24);
      calls = Math.min(interrupted.calls(), 4); // afterwards the hour is older than what is kept
      const isRecorded = (await getMeta(db, ROLLUP_HOUR_KEY)) !== NOW - 2 * HOUR;
      while ((await rollupHours(db, NOW)).more);
      const hours = (await rollupsOf(row.id)).map((rolled) => rolled.failures);
      expect({ call, hours: hours.filter((failures) => failures > 0).length }).toEqual({
        call,
        hours: isRecorded ? 1 : 0,
      });
    }
  });

  test("deletes flips and rollups after two years, but never the newest flip", async () => {
    const flip = (seq: number, at: number) =>
      flipOf(row, seq, seq % 2 ? "unknown" : "up", seq % 2 ? "up" : "unknown", at);
    await record(
      message(row.lane, NOW - HOUR, [], {
        flips: [flip(1, NOW - 3 * YEAR), flip(2, NOW - 2.5 * YEAR), flip(3, NOW - 2.1 * YEAR)],
      }),
    );
    const rolled = { service_id: row.id, checks: 1, failures: 0, max: null, histogram: "[]" };
    await db.insert(rollups).values([2.1, 1.9].map((years) => ({ ...rolled, hour: NOW - years * YEAR })));
    expect(await applyRetention(db, NOW, 48)).toEqual({ deleted: 3, more: false });
    expect((await db.select().from(flips)).map((left) => left.seq)).toEqual([3]);
    expect((await rollupsOf(row.id)).map((left) => left.hour)).toEqual([NOW - 1.9 * YEAR]);
  });

  test("sweeps what the services of a deleted project left", async () => {
    const doomed = await addProject(db, "doomed");
    const service = await addService(db, doomed, { name: "web", health_interval: 90 });
    await record(
      ...[row, service].map((each) =>
        message(each.lane, NOW - HOUR, [result(each)], { flips: [flipOf(each, 1, "unknown", "up", NOW)] }),
      ),
    );
    await rollupHours(db, NOW + HOUR);
    await deleteProject(db, doomed.id);
    expect(await applyRetention(db, NOW, 48)).toEqual({ deleted: 2, more: false });
    expect((await db.select().from(flips)).map((left) => left.service_id)).toEqual([row.id]);
    expect((await db.select().from(rollups)).map((left) => left.service_id)).toEqual([row.id]);
  });

  test("leaves the rest for the next call when there is very much", async () => {
    await db.run(`WITH RECURSIVE hours (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM hours WHERE n < 405000)
      INSERT INTO rollups (service_id, hour, checks, failures) SELECT 999999, ${NOW} + n, 0, 0 FROM hours`);
    const first = await applyRetention(db, NOW, 48);
    expect(first).toEqual({ deleted: 400_000, more: true });
    expect(await applyRetention(db, NOW, 48)).toEqual({ deleted: 5_000, more: false });
  });
});
