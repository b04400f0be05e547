import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { uptime } from "../../../src/core/downtime/uptime.ts";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import type { RecordedFlip } from "../../../src/core/status/recorded-flip.ts";
import type { Db } from "../../../src/store/database.ts";
import {
  FLIP_CURSOR,
  flipsInWindow,
  listFlips,
  recentUptimes,
  serviceFlips,
  statusChanges,
} from "../../../src/store/history/flips.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { addProject, addService, flipOf, HOUR, message, migratedDatabase, NOW } from "../fixtures.ts";

let db: Db;
let web: ServiceRow;
let api: ServiceRow;

/** Unknown → up → down → up …, one a `gap`, the newest at NOW - gap. */
function flapping(row: ServiceRow, count: number, gap: number): RecordedFlip[] {
  return Array.from({ length: count }, (_, i) => {
    const to = i % 2 === 0 ? "up" : "down";
    const from = i === 0 ? "unknown" : to === "up" ? "down" : "up";
    return flipOf(row, i + 1, from, to, NOW - (count - i) * gap);
  });
}

beforeAll(async () => {
  db = await migratedDatabase();
  web = await addService(db, await addProject(db, "shop"), { name: "web" });
  api = await addService(db, await addProject(db, "bank"), { name: "api" });
  await recordOutcomes(db, [message(1, NOW, [], { flips: [...flapping(web, 4, HOUR), ...flapping(api, 3, HOUR)] })]);
});

const names = (rows: { name: string; seq: number }[]) => rows.map((row) => `${row.name} ${row.seq}`);

describe("the flips of the hub", () => {
  test("come newest first with the words of their service", async () => {
    const { rows, total, next } = await listFlips(db, {}, { limit: 100 });
    expect(names(rows)).toEqual(["api 3", "web 4", "api 2", "web 3", "api 1", "web 2", "web 1"]);
    expect([total, next]).toEqual([7, null]);
    expect(rows[1]).toMatchObject({
      project: "shop",
      project_id: web.project_id,
      service_id: web.id,
      from: "up",
      to: "down",
    });
    expect(rows[1]?.evidence).toHaveLength(1);
  });

  test.each([
    [() => ({ since: NOW - 2 * HOUR }), ["api 3", "web 4", "api 2", "web 3"]],
    [() => ({ service: web.id }), ["web 4", "web 3", "web 2", "web 1"]],
    [() => ({ service: "api", since: NOW - HOUR }), ["api 3"]],
    [() => ({ project: "bank" }), ["api 3", "api 2", "api 1"]],
    [() => ({ project: web.project_id, service: "api" }), []],
  ])("%# are filtered by time, service and project", async (filter, expected) => {
    const { rows, total } = await listFlips(db, filter(), { limit: 100 });
    expect(names(rows)).toEqual(expected);
    expect(total).toBe(expected.length);
  });

  test("go page by page without loss or repetition, also between flips of one instant", async () => {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await listFlips(db, {}, { limit: 2, after });
      seen.push(...names(page.rows));
      expect(page.total).toBe(7);
      if (page.next !== null) expect(page.next).toMatch(FLIP_CURSOR);
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(names((await listFlips(db, {}, { limit: 100 })).rows));
  });

  test("are counted with the first page only, and not beyond a bound", async () => {
    const { next } = await listFlips(db, {}, { limit: 1 });
    const counted = next?.replace(/\.7$/, ".99");
    expect((await listFlips(db, {}, { limit: 1, after: counted })).total).toBe(99);
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
       INSERT INTO flips (service_id, seq, from_status, to_status, reason, at, began_at, project_id)
       SELECT ?1, 1000 + i, 'up', 'down', 'many', 1, 1, 1 FROM n`,
    )
      .bind(web.id)
      .run();
    expect((await listFlips(db, {}, { limit: 1 })).total).toBe(10_000);
    await env.DB.exec("DELETE FROM flips WHERE reason = 'many'");
  });

  test("start at the newest for a cursor that is none", async () => {
    expect(names((await listFlips(db, {}, { limit: 1, after: "1.2" })).rows)).toEqual(["api 3"]);
  });
});

describe("the flips of a service", () => {
  test("newest first, as many as asked for", async () => {
    expect((await serviceFlips(db, web.id, 3)).map((flip) => flip.seq)).toEqual([4, 3, 2]);
  });

  test("in a window come oldest first", async () => {
    const seqs = async (id: number, from: number, to: number) =>
      (await flipsInWindow(db, id, from, to)).map((flip) => flip.seq);
    expect(await seqs(web.id, NOW - 2.5 * HOUR, NOW - HOUR)).toEqual([3]);
    expect(await seqs(web.id, 0, NOW)).toEqual((await seqs(web.id, 0, NOW)).toSorted((a, b) => a - b));
    expect(await seqs(web.id, NOW - 10, NOW)).toEqual([]);
    expect(await seqs(999_999, 0, NOW)).toEqual([]);
  });

  test("tell the exact uptime of several spans", async () => {
    expect(await recentUptimes(db, web.id, [HOUR, 2 * HOUR, 4 * HOUR, 24 * HOUR], NOW, [])).toEqual([0, 0.5, 0.5, 0.5]);
    expect(await recentUptimes(db, web.id, [HOUR / 2], NOW, [])).toEqual([0]);
    expect(await recentUptimes(db, 999_999, [HOUR], NOW, [])).toEqual([null]);
  });

  test("of a service that flaps for weeks are cut to the newest thousand, the uptime is not", async () => {
    const row = await addService(db, await addProject(db, "flaps"), { name: "web" });
    await recordOutcomes(db, [message(1, NOW, [], { flips: flapping(row, 1_600, 1_000) })]);
    const window = await flipsInWindow(db, row.id, NOW - HOUR, NOW);
    expect([window.length, window[0]?.seq, window.at(-1)?.seq]).toEqual([1_000, 601, 1_600]);
    const past = await statusChanges(db, row.id, NOW - HOUR, NOW);
    const found = uptime({ ...past, unwatched: [] }, NOW - HOUR, NOW);
    expect([past.before, past.changes.length, found]).toEqual(["unknown", 1_600, 0.5]);
  });
});
