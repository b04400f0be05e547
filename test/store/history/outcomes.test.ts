import { env } from "cloudflare:workers";
import { and, eq } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import type { ProjectRow } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import { serviceFlips } from "../../../src/store/history/flips.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { recentChecks } from "../../../src/store/history/raw-checks.ts";
import { getMeta, ROLLUP_HOUR_KEY, setMeta } from "../../../src/store/meta.ts";
import { deleteService, getService } from "../../../src/store/registry/services.ts";
import { rounds } from "../../../src/store/tables/hub-tables.ts";
import {
  addProject,
  addService,
  countingDatabase,
  flipOf,
  HOUR,
  message,
  migratedDatabase,
  NOW,
  result,
} from "../fixtures.ts";

let db: Db;
let project: ProjectRow;
beforeAll(async () => {
  db = await migratedDatabase();
  project = await addProject(db, "shop");
});

async function resultsOf(lane: number, due_at: number) {
  return (
    await db
      .select()
      .from(rounds)
      .where(and(eq(rounds.lane, lane), eq(rounds.due_at, due_at)))
  ).map((row) => row.results);
}

describe("recording rounds", () => {
  test("writes one row for a round of 24 checks, and none when it is delivered again", async () => {
    const counted = countingDatabase();
    const results = Array.from({ length: 24 }, (_, i) => result({ id: 1_000 + i }));
    const messages = [message(9_000_001, NOW, results), message(9_000_002, NOW, results)];
    await recordOutcomes(counted.db, messages);
    expect(counted.rowsWritten()).toBe(2);
    await recordOutcomes(counted.db, messages);
    expect(counted.rowsWritten()).toBe(0);
    expect(await resultsOf(9_000_001, NOW)).toEqual([results]);
  });

  test("keeps the results of two messages of one round, delivered together or apart, each once", async () => {
    const [a, b, c] = [result({ id: 1 }), result({ id: 2 }), result({ id: 3 })];
    await recordOutcomes(db, [message(9_000_003, NOW, [a]), message(9_000_003, NOW, [b])]);
    await recordOutcomes(db, [message(9_000_003, NOW, [b, c])]);
    await recordOutcomes(db, [message(9_000_003, NOW, [b, c])]);
    expect(await resultsOf(9_000_003, NOW)).toEqual([[a, b, c]]);
  });

  test("remembers the vantage of a part that came from elsewhere", async () => {
    const [a, b] = [result({ id: 1 }), result({ id: 2 })];
    const parts = [message(9_000_004, NOW, [a]), message(9_000_004, NOW, [b], { vantage: "enam" })];
    await recordOutcomes(db, parts);
    const vantages = await Promise.all(
      [1, 2].map(async (id) => (await recentChecks(db, { id, lanes: [9_000_004] }, 5, NOW))[0]?.vantage),
    );
    expect(vantages).toEqual(["home", "enam"]);
  });

  test("stores errors and details as they are", async () => {
    const found = result({ id: 5 }, { verdict: 0, latency: null, error: `it's "[5," \u{1f600}`, status: "down" });
    found[5] = { version: "1.0", endpoints_total: 3, role: null };
    await recordOutcomes(db, [message(9_000_005, NOW, [found])]);
    expect(await resultsOf(9_000_005, NOW)).toEqual([[found]]);
  });

  test("takes a hundred messages at once, however large, and an empty batch", async () => {
    const many = Array.from({ length: 100 }, (_, i) => {
      const results = Array.from({ length: 24 }, (_, k) => result({ id: k }, { error: "x".repeat(1_000) }));
      return message(9_100_000 + i, NOW, results);
    });
    await recordOutcomes(db, many);
    expect((await resultsOf(9_100_099, NOW))[0]).toHaveLength(24);
    await recordOutcomes(db, []);
    await recordOutcomes(db, [message(9_000_006, NOW, [])]);
    expect(await resultsOf(9_000_006, NOW)).toEqual([]);
  });

  test("shows each check as a row of the view health_checks", async () => {
    const results = [
      result({ id: 8 }, { verdict: 0, status: "down", latency: null, error: "refused" }),
      result({ id: 9 }),
    ];
    await recordOutcomes(db, [message(9_000_008, NOW, results, { attempt: 2, vantage: "weur" })]);
    const { results: rows } = await env.DB.prepare("SELECT * FROM health_checks WHERE lane = 9000008").all();
    const shared = { lane: 9_000_008, due_at: NOW, at: NOW + 2_000, attempt: 2, vantage: "weur" };
    expect(rows).toEqual([
      { ...shared, service_id: 8, ok: 0, verdict: "fail", status: "down", latency_ms: null, error: "refused" },
      { ...shared, service_id: 9, ok: 1, verdict: "ok", status: "up", latency_ms: 10, error: null },
    ]);
  });
});

describe("recording flips", () => {
  test("stores each flip once, and the service has the newest status", async () => {
    const row = await addService(db, project, { name: "flips" });
    const [up, down] = [flipOf(row, 1, "unknown", "up", NOW), flipOf(row, 2, "up", "down", NOW + 9, NOW + 3)];
    const messages = [
      message(row.lane, NOW, [result(row)], { flips: [up] }),
      message(row.lane, NOW + 1, [result(row)], { flips: [up, down] }),
    ];
    await recordOutcomes(db, messages);
    await recordOutcomes(db, messages);
    expect((await serviceFlips(db, row.id, 9)).map((flip) => flip.seq)).toEqual([2, 1]);
    expect(await getService(db, row.id)).toMatchObject({ status: "down", status_since: NOW + 9, flip_seq: 2, rev: 1 });
    const { epoch, project_id, project: _name, name, service_type, version, latency_ms, ...wire } = down;
    expect((await serviceFlips(db, row.id, 1))[0]).toEqual(wire);
  });

  test("an older flip that comes late is kept but does not change the status", async () => {
    const row = await addService(db, project, { name: "late" });
    const [up, down] = [flipOf(row, 1, "unknown", "up", NOW), flipOf(row, 2, "up", "down", NOW + 9)];
    await recordOutcomes(db, [message(row.lane, NOW, [], { flips: [down] })]);
    await recordOutcomes(db, [message(row.lane, NOW, [], { flips: [up] })]);
    expect(await getService(db, row.id)).toMatchObject({ status: "down", flip_seq: 2 });
    expect((await serviceFlips(db, row.id, 9)).map((flip) => flip.seq)).toEqual([2, 1]);
  });

  test("a flip of a service that is gone is dropped, and the rest of the batch is not", async () => {
    const gone = await addService(db, project, { name: "gone" });
    const there = await addService(db, project, { name: "there" });
    await deleteService(db, gone.id);
    const flips = [gone, there].map((row) => flipOf(row, 1, "unknown", "up", NOW));
    await recordOutcomes(db, [message(there.lane, NOW, [result(there)], { flips })]);
    expect((await serviceFlips(db, there.id, 9)).map((flip) => flip.seq)).toEqual([1]);
    expect(await serviceFlips(db, gone.id, 9)).toEqual([]);
  });

  test("costs three rows of history, two of the log, two of the registry and three of its revision", async () => {
    const row = await addService(db, project, { name: "cost" });
    const counted = countingDatabase();
    const flips = [flipOf(row, 1, "unknown", "up", NOW)];
    await recordOutcomes(counted.db, [message(row.lane, NOW, [], { flips })]);
    expect(counted.rowsWritten()).toBe(10);
  });
});

test("a version is written when it is another one", async () => {
  const row = await addService(db, project, { name: "version" });
  const counted = countingDatabase();
  const later = NOW + 24 * HOUR; // than the rounds of other tests
  const found = (version: string) => [
    message(row.lane, later, [], { versions: [{ service_id: row.id, version: "0" }] }),
    message(row.lane, later, [], { versions: [{ service_id: row.id, version }] }),
  ];
  await recordOutcomes(counted.db, found("16.0"));
  expect(counted.rowsWritten()).toBe(4);
  await recordOutcomes(counted.db, found("16.0"));
  expect(counted.rowsWritten()).toBe(0);
  expect(await getService(db, row.id)).toMatchObject({ version: "16.0", rev: 1 });
});

test("rounds that come after their hour was rolled up bring the rollup back to it", async () => {
  const late = [message(9_200_000, NOW - 3 * HOUR, [result({ id: 1 })])];
  await recordOutcomes(db, late);
  expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBeUndefined();
  await setMeta(db, ROLLUP_HOUR_KEY, NOW - 4 * HOUR);
  await recordOutcomes(db, late);
  expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBe(NOW - 4 * HOUR);
  await setMeta(db, ROLLUP_HOUR_KEY, NOW - 2 * HOUR);
  await recordOutcomes(db, late);
  expect(await getMeta(db, ROLLUP_HOUR_KEY)).toBe(NOW - 4 * HOUR);
});

describe("another life of the database", () => {
  test("nothing of an earlier one is recorded, what names none is", async () => {
    const row = await addService(db, project, { name: "reborn" });
    const flip = flipOf(row, 7, "up", "down", NOW);
    const late = { ...message(row.lane, NOW - 77, [result(row)], { flips: [flip] }), epoch: "0" };
    await recordOutcomes(db, [late]);
    expect(await getService(db, row.id)).toMatchObject({ status: "unknown", flip_seq: 0 });
    expect(await resultsOf(row.lane, NOW - 77)).toEqual([]);
    await recordOutcomes(db, [late, { ...late, epoch: "" }]);
    expect(await getService(db, row.id)).toMatchObject({ status: "down", flip_seq: 7 });
  });
});
