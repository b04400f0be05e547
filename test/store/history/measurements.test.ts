import { beforeAll, expect, test } from "vitest";
import type { RoundResult } from "../../../src/core/lane/queue-messages.ts";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import { measurements } from "../../../src/store/history/measurements.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { addProject, addService, message, migratedDatabase, NOW } from "../fixtures.ts";

const MINUTE = 60_000;
let db: Db;
let row: ServiceRow;

beforeAll(async () => {
  db = await migratedDatabase();
  row = await addService(db, await addProject(db, "measured"), { name: "web", agent: "dc-1" });
  const result = (id: number, details: RoundResult[5]): RoundResult => [id, 1, 1, 5, null, details];
  const rounds: [number, RoundResult[5]][] = [
    [NOW - 10 * MINUTE, { cpu_percent: 10, memory_bytes: 5_000 }],
    [NOW - 10 * MINUTE + 1_000, { cpu_percent: 30.5, output: "fine", restarts: 1 }],
    [NOW - 5 * MINUTE, { memory_bytes: 7_000, ready: true, version: null }],
    [NOW - 4 * MINUTE, null],
    [NOW - 90 * MINUTE, { cpu_percent: 99 }],
  ];
  const messages = rounds.map(([due, details]) =>
    message(row.lane, due, [result(row.id, details), result(777, { cpu_percent: 1_000 })]),
  );
  await recordOutcomes(db, messages);
});

test("numbers of a service's checks are averaged in each period; what is no number is left out", async () => {
  const { at, series } = await measurements(db, row, { from: NOW - 20 * MINUTE, to: NOW, points: 20 });
  expect(at).toHaveLength(20);
  const known = series.map(({ name, values }) => ({ name, values: values.filter((value) => value !== null) }));
  expect(known).toEqual([
    { name: "cpu_percent", values: [20.25] },
    { name: "memory_bytes", values: [5_000, 7_000] },
    { name: "restarts", values: [1] },
  ]);
  expect(series.every(({ values }) => values.length === at.length)).toBe(true);
  const [bucket] = series[0]?.values.flatMap((value, index) => (value === null ? [] : [index])) ?? [];
  expect(Date.parse(at[bucket ?? 0] ?? "")).toBe(NOW - 10 * MINUTE);
});

test("a service that measured nothing has none", async () => {
  const quiet = await measurements(db, { id: 778, lanes: row.lanes }, { from: NOW - MINUTE, to: NOW, points: 5 });
  expect(quiet.series).toEqual([]);
});
