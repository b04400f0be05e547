/** Hours of long ago become days, and every sum stays what it was. */
import { beforeEach, describe, expect, test } from "vitest";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import { decodeHistogram, encodeHistogram } from "../../../src/core/values/histogram.ts";
import type { Db } from "../../../src/store/database.ts";
import { areDaysWaiting, mergeDays } from "../../../src/store/history/daily-rollups.ts";
import {
  coveredRange,
  type HistoryPoint,
  historyPoints,
  latencyPercentiles,
} from "../../../src/store/history/history.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { applyRetention } from "../../../src/store/history/retention.ts";
import { rollupHours } from "../../../src/store/history/rollups.ts";
import { addCheck, newSums } from "../../../src/store/history/sums.ts";
import { RAW_SINCE_KEY, ROLLUP_HOUR_KEY, setMeta } from "../../../src/store/meta.ts";
import { deleteService } from "../../../src/store/registry/services.ts";
import { dailyRollups, meta, projects, rollups, rounds } from "../../../src/store/tables/hub-tables.ts";
import { mulberry32 } from "../../core/mulberry32.ts";
import { addProject, addService, HOUR, message, migratedDatabase, NOW, result } from "../fixtures.ts";
import { interruptedDatabase } from "../interrupted-database.ts";

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const TODAY = Math.floor(NOW / DAY) * DAY;
/** The first day that keeps its hours. */
const BORDER = TODAY - 60 * DAY;
const RAW_SINCE = NOW - 48 * HOUR;

type HourRow = typeof rollups.$inferSelect;

let db: Db;
let row: ServiceRow;
let random = mulberry32(7);
beforeEach(async () => {
  db = await migratedDatabase();
  await db.batch([
    ...([db.delete(projects), db.delete(rounds), db.delete(rollups)] as const),
    ...([db.delete(dailyRollups), db.delete(meta)] as const),
  ]);
  row = await addService(db, await addProject(db, "shop"), { name: "web" });
  await setMeta(db, RAW_SINCE_KEY, RAW_SINCE);
  await setMeta(db, ROLLUP_HOUR_KEY, NOW - HOUR);
  random = mulberry32(7);
});

/** An hour with checks at random; of some hours no check passed, and of some an older release did not keep the shortest. */
function anHour(service_id: number, hour: number): HourRow {
  const sums = newSums();
  const isDown = random() < 0.1;
  for (let n = Math.ceil(random() * 40); n > 0; n--) {
    addCheck(sums, isDown || random() < 0.05 ? 0 : 1, Math.round(1e5 * random() ** 3) / 100);
  }
  const min = random() < 0.02 ? null : sums.min;
  return { service_id, hour, ...sums, min, histogram: encodeHistogram(sums.histogram) };
}

async function addHours(ids: readonly number[], from: number, to: number, share = 1): Promise<HourRow[]> {
  const rows: HourRow[] = [];
  for (const id of ids)
    for (let hour = from; hour < to; hour += HOUR) if (random() < share) rows.push(anHour(id, hour));
  for (let i = 0; i < rows.length; i += 12) await db.insert(rollups).values(rows.slice(i, i + 12));
  return rows;
}

/** What a day's row must hold, added up hour by hour. */
function sumOf(hours: readonly HourRow[]) {
  const withLatencies = hours.filter(({ max }) => max !== null);
  const counts = new Map<number, number>();
  for (const hour of hours) {
    for (const [bucket, n] of decodeHistogram(hour.histogram)) counts.set(bucket, (counts.get(bucket) ?? 0) + n);
  }
  return {
    checks: hours.reduce((sum, { checks }) => sum + checks, 0),
    failures: hours.reduce((sum, { failures }) => sum + failures, 0),
    min:
      withLatencies.length === 0 || withLatencies.some(({ min }) => min === null)
        ? null
        : Math.min(...withLatencies.map(({ min }) => min ?? 0)),
    max: withLatencies.length === 0 ? null : Math.max(...withLatencies.map(({ max }) => max ?? 0)),
    histogram: [...counts].sort(([a], [b]) => a - b),
  };
}

async function mergedDays() {
  const rows = await db.select().from(dailyRollups);
  return rows.map(({ histogram, hours: _, ...rest }) => ({ ...rest, histogram: [...decodeHistogram(histogram)] }));
}

/** What must be merged of these hours, by service and day. */
function expectedDays(hours: readonly HourRow[]) {
  const old = hours.filter(({ hour }) => hour < BORDER);
  const dayOf = ({ hour }: HourRow) => Math.floor(hour / DAY) * DAY;
  const groups = Map.groupBy(old, (each) => `${String(each.service_id).padStart(9)} ${dayOf(each)}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, all]) =>
      all[0] === undefined ? [] : [{ service_id: all[0].service_id, day: dayOf(all[0]), ...sumOf(all) }],
    );
}

async function mergeAll(now = NOW): Promise<void> {
  while ((await mergeDays(db, now)).more);
}

describe("merging days", () => {
  test("makes one row of a service's day that is older than 60 days, and what it sums up is exact", async () => {
    const other = await addService(db, await addProject(db, "other"), { name: "web" });
    const hours = await addHours([row.id, other.id], BORDER - 6 * DAY, BORDER + 2 * DAY, 0.9);
    expect(await mergeDays(db, NOW)).toEqual({ days: 12, more: false });
    expect(await mergedDays()).toEqual(expectedDays(hours));
    expect(await db.select().from(rollups)).toEqual(hours.filter(({ hour }) => hour >= BORDER));
  });

  test("has nothing to do until the next day has become old", async () => {
    await addHours([row.id], BORDER - DAY, BORDER + DAY);
    expect(await areDaysWaiting(db, NOW)).toBe(true);
    await mergeAll();
    expect(await areDaysWaiting(db, NOW)).toBe(false);
    expect(await areDaysWaiting(db, TODAY + DAY - 1)).toBe(false);
    expect(await areDaysWaiting(db, TODAY + DAY)).toBe(true);
    await mergeAll(TODAY + DAY);
    expect(await db.select().from(rollups)).toEqual([]);
  });

  test("changes nothing when it is repeated, or done twice at once", async () => {
    const hours = await addHours([row.id], BORDER - 3 * DAY, BORDER);
    await Promise.all([mergeDays(db, NOW), mergeDays(db, NOW)]);
    await mergeAll();
    await mergeAll();
    expect(await mergedDays()).toEqual(expectedDays(hours));
  });

  test("loses and doubles nothing, whichever of its calls another merge, a new hour or an end comes before", async () => {
    const late = anHour(row.id, BORDER - 5 * HOUR);
    const happenings = [
      async () => void (await mergeDays(db, NOW)),
      async () => void (await db.insert(rollups).values(late)),
      () => Promise.reject(new Error("ended")),
    ];
    for (const [kind, happens] of happenings.entries()) {
      let call = 0;
      for (let hasHappened = true; hasHappened; call++) {
        hasHappened = false;
        await db.batch([db.delete(rollups), db.delete(dailyRollups)]);
        const hours = await addHours([row.id], BORDER - 2 * DAY, BORDER - 5 * HOUR);
        const interrupted = interruptedDatabase(async (now) => {
          if (now !== call) return;
          hasHappened = true;
          await happens();
        });
        await mergeDays(interrupted.db, NOW).catch(() => {});
        await mergeAll();
        expect({ kind, call, days: await mergedDays() }).toEqual({
          kind,
          call,
          days: expectedDays(kind === 1 && hasHappened ? [...hours, late] : hours),
        });
      }
      expect(call).toBeGreaterThan(4);
    }
  });

  test("adds an hour to a day that is merged already, and drops one that the day has", async () => {
    const hours = await addHours([row.id], BORDER - DAY, BORDER - HOUR);
    await mergeAll();
    const missing = anHour(row.id, BORDER - HOUR);
    await db.insert(rollups).values([missing, anHour(row.id, BORDER - 7 * HOUR)]);
    const covered = await coveredRange(db, row, { from: BORDER - DAY, to: BORDER }, NOW);
    const expected = expectedDays([...hours, missing]);
    expect(await historyPoints(db, row, covered, 1, [])).toMatchObject([{ checks: expected[0]?.checks }]);
    await mergeAll();
    expect(await mergedDays()).toEqual(expected);
    expect(await db.select().from(rollups)).toEqual([]);
  });

  test("does a limited number in each call, and all of two years in the end", async () => {
    const ids = Array.from({ length: 600 }, (_, n) => 5_000 + n);
    await db.run(`WITH RECURSIVE ids (id) AS (SELECT ${ids[0]} UNION ALL SELECT id + 1 FROM ids WHERE id < ${ids.at(-1)}),
      days (day) AS (SELECT ${TODAY - 730 * DAY} UNION ALL SELECT day + ${67 * DAY} FROM days WHERE day + ${67 * DAY} < ${BORDER}),
      hours (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM hours WHERE n < 23)
      INSERT INTO rollups (service_id, hour, checks, failures, max, histogram)
      SELECT id, day + n * ${HOUR}, 120, 1, 9.5, '[20,119]' FROM ids, days, hours`);
    expect(await mergeDays(db, NOW)).toEqual({ days: 2_000, more: true });
    await mergeAll();
    const days = await mergedDays();
    expect(days).toHaveLength(600 * 10);
    expect(new Set(days.map(({ checks, failures, histogram }) => `${checks} ${failures} ${histogram}`))).toEqual(
      new Set([`${24 * 120} 24 20,${24 * 119}`]),
    );
    expect(await db.select().from(rollups)).toEqual([]);
  });

  test("leaves days alone of which rounds are still there, and those of a clock that was ahead", async () => {
    const hours = await addHours([row.id], BORDER - 3 * DAY, BORDER);
    await setMeta(db, RAW_SINCE_KEY, BORDER - DAY - HOUR);
    expect(await mergeDays(db, NOW)).toEqual({ days: 1, more: false });
    await setMeta(db, RAW_SINCE_KEY, NOW + 700 * DAY);
    expect(await areDaysWaiting(db, NOW)).toBe(false);
    expect(await mergeDays(db, NOW)).toEqual({ days: 0, more: false });
    expect(await db.select().from(rollups)).toEqual(hours.slice(24));
  });

  test("takes a damaged histogram for an empty one, and goes on", async () => {
    const [first, ...rest] = await addHours([row.id], BORDER - DAY, BORDER);
    await db.run(`UPDATE rollups SET histogram = '[oops' WHERE hour = ${first?.hour}`);
    await mergeAll();
    const { histogram } = sumOf(rest);
    const checks = sumOf([...rest, ...(first === undefined ? [] : [first])]).checks;
    expect(await mergedDays()).toMatchObject([{ checks, histogram }]);
  });

  test("never counts a round twice that comes long after its day was merged", async () => {
    const hours = await addHours([row.id], BORDER - DAY, BORDER);
    await mergeAll();
    await recordOutcomes(db, [message(row.lane, BORDER - 3 * HOUR + 1, [result(row)])]);
    while ((await rollupHours(db, NOW + 3 * MINUTE)).more);
    await mergeAll(TODAY + DAY);
    expect(await mergedDays()).toEqual(expectedDays(hours));
  });
});

describe("the history of days", () => {
  const pointsOf = async (from: number, to: number, points: number): Promise<HistoryPoint[]> =>
    await historyPoints(db, row, await coveredRange(db, row, { from, to }, NOW), points, []);

  test("is the same before and after they are merged, in one range across days, hours and rounds", async () => {
    await addHours([row.id], BORDER - 20 * DAY, Math.floor(RAW_SINCE / HOUR) * HOUR, 0.9);
    const due = Array.from({ length: 400 }, (_, n) => RAW_SINCE + n * 7 * MINUTE);
    await recordOutcomes(
      db,
      due.map((at) => message(row.lane, at, [result(row, { latency: 5 + (at % 89) })])),
    );
    await setMeta(db, ROLLUP_HOUR_KEY, RAW_SINCE - HOUR);
    while ((await rollupHours(db, NOW + 3 * MINUTE)).more);
    const ranges = [
      ...[{ from: BORDER - 9 * DAY + 5 * HOUR + 7, to: BORDER - 3 * DAY + 1 }],
      ...[{ from: BORDER - 9 * DAY + 5 * HOUR + 7, to: BORDER + 3 * DAY + HOUR / 2 }],
      ...[{ from: BORDER - 2 * DAY + 1, to: NOW - 7 * MINUTE }],
      ...[{ from: BORDER - 2 * DAY + 1, to: BORDER - 2 * DAY + 2 }],
      ...[{ from: BORDER + 1, to: NOW - 7 * MINUTE }],
      ...[{ from: NOW - 730 * DAY, to: NOW }],
    ];
    const answers = async () => {
      const all = [];
      for (const range of ranges) {
        const covered = await coveredRange(db, row, range, NOW);
        const latencies = await latencyPercentiles(db, row, covered);
        for (const points of [1, 7, 300])
          all.push([covered, latencies, await historyPoints(db, row, covered, points, [])]);
      }
      return all;
    };
    const before = await answers();
    await mergeAll();
    expect((await mergedDays()).length).toBe(20);
    expect(await answers()).toEqual(before);
    for (const [i, { from, to }] of ranges.entries()) {
      const covered = await coveredRange(db, row, { from, to }, NOW);
      const inDays = from < BORDER;
      expect({ i, ...covered }).toMatchObject({
        i,
        from: inDays ? Math.floor(from / DAY) * DAY : Math.floor(from / HOUR) * HOUR,
        to: to < BORDER ? Math.ceil(to / DAY) * DAY : to < RAW_SINCE ? Math.ceil(to / HOUR) * HOUR : to,
        shortest: inDays ? DAY : HOUR,
      });
    }
  });

  test("has all their checks in points of a day or more", async () => {
    const hours = await addHours([row.id], BORDER - 10 * DAY, BORDER + 10 * DAY);
    await mergeAll();
    const points = await pointsOf(BORDER - 10 * DAY, BORDER + 10 * DAY, 1_000);
    expect(points.map(({ at }) => Date.parse(at))).toEqual(
      Array.from({ length: 20 }, (_, n) => BORDER + (n - 10) * DAY),
    );
    for (const point of points) {
      const from = Date.parse(point.at);
      const { checks, failures, max } = sumOf(hours.filter(({ hour }) => hour >= from && hour < from + DAY));
      expect(point).toMatchObject({ checks, failures, max });
    }
  });

  test("of a service that has none keeps its short points", async () => {
    await addHours([row.id], BORDER - DAY, BORDER);
    const newcomer = await addService(db, await addProject(db, "new"), { name: "web" });
    const range = { from: BORDER - DAY + 1, to: BORDER - DAY + HOUR };
    expect(await coveredRange(db, newcomer, range, NOW)).toMatchObject({ ...range, shortest: 0 });
  });
});

test("retention deletes days when their last hour is two years old, and those of services that are deleted", async () => {
  const doomed = await addService(db, await addProject(db, "doomed"), { name: "web" });
  const day = { hours: 1, checks: 1, failures: 0, min: null, max: null, histogram: "[]" };
  const oldest = Math.floor((NOW - 730 * DAY) / DAY) * DAY;
  await db.insert(dailyRollups).values([
    { ...day, service_id: row.id, day: oldest - DAY },
    { ...day, service_id: row.id, day: oldest },
    { ...day, service_id: doomed.id, day: BORDER },
  ]);
  await deleteService(db, doomed.id);
  expect((await applyRetention(db, NOW, 48)).deleted).toBe(2);
  expect((await db.select().from(dailyRollups)).map((left) => left.day)).toEqual([oldest]);
});
