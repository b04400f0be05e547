import { beforeAll, expect, test } from "vitest";
import type { Db } from "../../src/store/database.ts";
import { noteSize, readSize } from "../../src/store/database-size.ts";
import { rollups } from "../../src/store/tables/hub-tables.ts";
import { migratedDatabase, NOW } from "./fixtures.ts";

const DAY = 86_400_000;

let db: Db;
beforeAll(async () => {
  db = await migratedDatabase();
});

test("D1 tells the size of the database, which grows with what it holds", async () => {
  const before = await readSize(db);
  expect(before.bytes).toBeGreaterThan(100_000);
  expect(before.bytes % 4_096).toBe(0);
  const row = { service_id: 1, hour: 1, checks: 1, failures: 0, max: null };
  await db.insert(rollups).values({ ...row, histogram: "x".repeat(1_000_000) });
  expect((await readSize(db)).bytes).toBeGreaterThan(before.bytes + 990_000);
});

test("a sample of each day is kept", async () => {
  for (const at of [NOW, NOW + 1_000, NOW + DAY, NOW + DAY + 1]) await noteSize(db, at);
  const { bytes, samples } = await readSize(db);
  expect(samples).toEqual([
    { at: NOW, bytes },
    { at: NOW + DAY, bytes },
  ]);
});
