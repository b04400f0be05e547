import { beforeAll, expect, test } from "vitest";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import { correctPauses, endPauses, pauseService } from "../../../src/store/registry/pauses.ts";
import { getService, updateService } from "../../../src/store/registry/services.ts";
import { addProject, addService, migratedDatabase, NOW } from "../fixtures.ts";

const HOUR_MS = 3_600_000;
let db: Db;
let row: ServiceRow;
beforeAll(async () => {
  db = await migratedDatabase();
  row = await addService(db, await addProject(db, "shop"), { name: "api" });
});

test("a pause disables the service until it is over, and then the hub enables it", async () => {
  const paused = await pauseService(db, row.id, NOW + HOUR_MS, NOW);
  expect(paused).toMatchObject({ enabled: false, paused_until: NOW + HOUR_MS, rev: row.rev + 1 });
  expect(await endPauses(db, NOW + HOUR_MS - 1, 10)).toEqual([]);
  expect(await endPauses(db, NOW + HOUR_MS, 10)).toMatchObject([
    { before: { enabled: false }, after: { enabled: true, paused_until: null, rev: row.rev + 2 } },
  ]);
  expect(await endPauses(db, NOW + HOUR_MS, 10)).toEqual([]);
});

test("who enables it before ends the pause, and it may be disabled for good then", async () => {
  await pauseService(db, row.id, NOW + HOUR_MS, NOW);
  await updateService(db, row.id, { enabled: true }, NOW);
  expect(await getService(db, row.id)).toMatchObject({ enabled: true, paused_until: null });
  await updateService(db, row.id, { enabled: false }, NOW);
  expect(await endPauses(db, NOW + HOUR_MS, 10)).toEqual([]);
});

test("a service that is not there can't be paused", async () => {
  expect(await pauseService(db, 999, NOW, NOW)).toBeUndefined();
});

test("a service that a person has disabled stays disabled, and a pause can be made longer", async () => {
  await updateService(db, row.id, { enabled: false }, NOW);
  expect(await pauseService(db, row.id, NOW + HOUR_MS, NOW)).toMatchObject({ enabled: false, paused_until: null });
  await updateService(db, row.id, { enabled: true }, NOW);
  await pauseService(db, row.id, NOW + HOUR_MS, NOW);
  expect(await pauseService(db, row.id, NOW + 2 * HOUR_MS, NOW)).toMatchObject({ paused_until: NOW + 2 * HOUR_MS });
});

test("a pause by a clock that was a month ahead is as long as it was meant", async () => {
  const ahead = NOW + 30 * 24 * HOUR_MS;
  await pauseService(db, row.id, ahead + HOUR_MS, ahead);
  await correctPauses(db, NOW);
  await correctPauses(db, NOW + 60_000); // once is enough
  const until = (await getService(db, row.id))?.paused_until ?? 0;
  expect(until).toBeGreaterThan(NOW + HOUR_MS - 60_000);
  expect(until).toBeLessThanOrEqual(NOW + HOUR_MS);
});
