import { beforeAll, describe, expect, test } from "vitest";
import { type ServiceRow, toCheck } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { dependenciesOf, loadBoard, loadChecks } from "../../../src/store/registry/checks.ts";
import { setProjectStatus } from "../../../src/store/registry/projects.ts";
import { addProject, addService, flipOf, message, migratedDatabase, NOW, result } from "../fixtures.ts";

let db: Db;
let web: ServiceRow;
let api: ServiceRow;
let beat: ServiceRow;
beforeAll(async () => {
  db = await migratedDatabase();
  const shop = await addProject(db, "shop");
  web = await addService(db, shop, { name: "web", health_options: { degraded_above_ms: 5 } });
  api = await addService(db, shop, { name: "api" });
  beat = await addService(db, shop, { name: "beat", health_method: "heartbeat", health_url: "" });
  await addService(db, shop, { name: "off", enabled: false });
  const stopped = await addProject(db, "stopped");
  await addService(db, stopped, { name: "web" });
  await setProjectStatus(db, stopped.id, "stopped", NOW);
  const flips = [flipOf(web, 1, "unknown", "down", NOW)];
  await recordOutcomes(db, [message(web.lane, NOW, [], { flips, versions: [{ service_id: web.id, version: "2" }] })]);
});

test("the planner gets the enabled, probed checks of running projects with their recorded status", async () => {
  const checks = (await Array.fromAsync(loadChecks(db))).flat();
  expect(checks).toEqual([
    { ...toCheck(web), recorded_status: "down", recorded_since: NOW, recorded_seq: 1, version: "2" },
    { ...toCheck(api), recorded_status: "unknown" },
  ]);
});

test("what a service needs is found by its name in the same project, in another one, and on this hub", async () => {
  const chain = await addProject(db, "chain");
  const other = await addProject(db, "other");
  const root = await addService(db, other, { name: "root" });
  const deep = await addService(db, other, { name: "deep", depends_on: ["root", "deep", "chain/leaf"] }); // and circles
  const far = await addService(db, chain, { name: "far", depends_on: ["other/deep", "elsewhere/other/root"] });
  const leaf = await addService(db, chain, { name: "leaf", depends_on: ["far", "me/chain/lone", "beat", "nobody"] });
  const lone = await addService(db, chain, { name: "lone" });
  await addService(db, chain, { name: "beat", health_method: "heartbeat", health_url: "" });
  const needed = async (ids: number[], limit = 20) =>
    (await dependenciesOf(db, ids, "me", limit)).map(({ service_id }) => service_id).toSorted((a, b) => a - b);
  expect(await needed([leaf.id])).toEqual([root.id, deep.id, far.id, lone.id]);
  expect(await needed([leaf.id], 1)).toEqual([far.id]);
  expect(await needed([root.id, lone.id])).toEqual([]);
  expect(await needed([far.id, deep.id])).toEqual([root.id, deep.id, far.id, leaf.id, lone.id]);
  await Promise.all([chain, other].map(({ id }) => setProjectStatus(db, id, "stopped", NOW)));
  expect(await needed([leaf.id])).toEqual([]);
});

describe("the live board", () => {
  test("starts with every enabled service of running projects, checked or not", async () => {
    const { seeds } = await loadBoard(db, NOW);
    expect(seeds.map(({ check, last }) => [check.name, check.recorded_status, check.recorded_seq, last])).toEqual([
      ["web", "down", 1, null],
      ["api", "unknown", 0, null],
      ["beat", "unknown", 0, null],
    ]);
  });

  test("knows the newest result of each, from its lane, a retry, or its own lane", async () => {
    const lane = web.lane;
    const extra = { version: "2" };
    await recordOutcomes(db, [
      message(lane, NOW - 60_000, [result(web, { verdict: 0, latency: 1 }), result(api, { latency: 1 })]),
      message(lane, NOW - 30_000, [result(api, { verdict: 0, latency: null, error: "no" })]),
      message(lane, NOW - 30_000, [[api.id, 1, 1, 7, null, extra]], { attempt: 1, vantage: "enam" }),
      message(beat.lane, NOW - 90_000_000, [result(beat, { verdict: 2, latency: null, error: "warns" })]),
    ]);
    const last = new Map((await loadBoard(db, NOW)).seeds.map((seed) => [seed.check.name, seed.last]));
    expect(last.get("web")).toEqual({ at: NOW - 60_000, verdict: "fail", latency_ms: 1, error: null, details: {} });
    expect(last.get("api")).toEqual({ at: NOW - 29_000, verdict: "ok", latency_ms: 7, error: null, details: extra });
    expect(last.get("beat")).toMatchObject({ at: NOW - 90_000_000, verdict: "warn", error: "warns" });
  });
});
