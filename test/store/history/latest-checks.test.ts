import { beforeAll, expect, test } from "vitest";
import type { ServiceRow } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import { latestChecks } from "../../../src/store/history/latest-checks.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { addProject, addService, message, migratedDatabase, NOW, result } from "../fixtures.ts";

let db: Db;
let api: ServiceRow;
let web: ServiceRow;
beforeAll(async () => {
  db = await migratedDatabase();
  const project = await addProject(db, "shop");
  api = await addService(db, project, { name: "api" });
  web = await addService(db, project, { name: "web" });
  const rounds = Array.from({ length: 100 }, (_, index) =>
    message(api.lane, NOW + index * 30_000, [result(api, { latency: index }), ...(index < 2 ? [result(web)] : [])]),
  );
  await recordOutcomes(db, rounds);
});

test("the last checks of each service, oldest first, as many as asked for", async () => {
  const [first] = await latestChecks(db, [api.id], 40);
  expect(first).toMatchObject({ id: api.id, interval: 30 });
  expect(first?.checks).toHaveLength(40);
  expect(first?.checks.map(({ latency_ms }) => latency_ms)).toEqual(Array.from({ length: 40 }, (_, n) => 60 + n));
  expect(first?.checks.at(-1)).toEqual({ at: NOW + 99 * 30_000, status: "up", latency_ms: 99 });
});

test("heartbeats of many services of a lane have as many as those that are checked together", async () => {
  const project = await addProject(db, "beats");
  const names = Array.from({ length: 24 }, (_, index) => `beat-${index}`);
  const beats: ServiceRow[] = [];
  for (const name of names) beats.push(await addService(db, project, { name, health_method: "heartbeat" }));
  const rounds = Array.from({ length: 20 }, (_, round) =>
    beats.map((row, index) => message(row.lane, NOW + round * 30_000 + index, [result(row)])),
  );
  await recordOutcomes(db, rounds.flat());
  const found = await latestChecks(
    db,
    beats.map(({ id }) => id),
    20,
  );
  expect(found.map(({ checks }) => checks.length)).toEqual(Array(24).fill(20));
});

test("a service that was not checked lately has none, and one that does not exist is left out", async () => {
  const services = await latestChecks(db, [api.id, web.id, 999], 10);
  expect(services.map(({ id, checks }) => [id, checks.length])).toEqual([
    [api.id, 10],
    [web.id, 0],
  ]);
});

test("what looks like a result in the text of another one is not taken for it", async () => {
  const project = await addProject(db, "texts");
  const first = await addService(db, project, { name: "first", health_interval: 600 });
  const second = await addService(db, project, { name: "second", health_interval: 600 });
  expect(second.lane).toBe(first.lane);
  const like = `expected "],[${second.id},0,3,9,null,null],[" and [${second.id},1`;
  await recordOutcomes(db, [
    message(first.lane, NOW, [result(first, { verdict: 0, status: "down", error: like })]),
    message(first.lane, NOW + 600_000, [
      result(first, { verdict: 0, status: "down", error: like }),
      result(second, { latency: 7 }),
    ]),
  ]);
  const [, found] = await latestChecks(db, [first.id, second.id], 10);
  expect(found?.checks).toEqual([{ at: NOW + 600_000, status: "up", latency_ms: 7 }]);
});
