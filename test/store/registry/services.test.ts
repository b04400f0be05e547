import { eq, sql } from "drizzle-orm";
import { beforeAll, describe, expect, test } from "vitest";
import { isScheduled, LANE_SIZE, laneInterval } from "../../../src/core/lane/lanes.ts";
import type { Db } from "../../../src/store/database.ts";
import { listFlips } from "../../../src/store/history/flips.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import { deleteProject, setProjectStatus } from "../../../src/store/registry/projects.ts";
import {
  createService,
  deleteService,
  getService,
  getServiceByName,
  listServices,
  updateService,
} from "../../../src/store/registry/services.ts";
import { flips } from "../../../src/store/tables/hub-tables.ts";
import { addProject, addService, flipOf, message, migratedDatabase, NOW, result, serviceInput } from "../fixtures.ts";

let db: Db;
beforeAll(async () => {
  db = await migratedDatabase();
});

describe("registering a service", () => {
  test("gives it an id, its first lane, revision 1 and the status unknown", async () => {
    const project = await addProject(db, "fresh");
    const row = await addService(db, project, { name: "web", tags: ["a"], metadata: { owner: { team: "x" } } });
    expect(row).toMatchObject({ project: "fresh", project_status: "running", rev: 1, status: "unknown", flip_seq: 0 });
    expect(row).toMatchObject({ tags: ["a"], metadata: { owner: { team: "x" } }, enabled: true, version: null });
    expect(row.status_since).toBe(NOW);
    expect(row.lanes).toEqual([row.lane]);
    expect(await getService(db, row.id)).toEqual(row);
    expect(await getServiceByName(db, "fresh", "web")).toEqual(row);
  });

  test("refuses a name that its project has, and takes it in another project", async () => {
    const [one, two] = [await addProject(db, "one"), await addProject(db, "two")];
    await addService(db, one, { name: "web" });
    expect(await createService(db, one.id, serviceInput({ name: "web" }), NOW)).toBe("duplicate");
    expect(await createService(db, two.id, serviceInput({ name: "web" }), NOW)).toMatchObject({ project: "two" });
  });

  test("opens a new lane when the first one is full, and another one to what the hub does not probe", async () => {
    const project = await addProject(db, "full");
    const lanes: number[] = [];
    for (let i = 0; i <= LANE_SIZE; i++) {
      lanes.push((await addService(db, project, { name: `s${i}`, health_interval: 77 })).lane);
    }
    expect(new Set(lanes).size).toBe(2);
    expect(lanes.slice(0, LANE_SIZE).every((lane) => lane === lanes[0])).toBe(true);
    const beat = await addService(db, project, { name: "beat", health_method: "heartbeat", health_interval: 77 });
    expect(lanes).not.toContain(beat.lane);
    expect([isScheduled(beat.lane), beat.lanes]).toEqual([false, [beat.lane]]);
  });
});

describe("changing a service", () => {
  test("is a new revision only when the check or `enabled` changes", async () => {
    const row = await addService(db, await addProject(db, "revs"), { name: "web" });
    const rev = async (patch: Parameters<typeof updateService>[2]) => {
      const changed = await updateService(db, row.id, patch, NOW + 1);
      return changed === undefined || changed === "duplicate" ? changed : changed.rev;
    };
    expect(await rev({ tags: ["new"], metadata: { a: 1 }, depends_on: ["x"] })).toBe(1);
    expect(await rev({ health_options: { degraded_above_ms: 5 } })).toBe(2);
    expect(await rev({ enabled: false })).toBe(3);
    expect(await rev({ enabled: false, name: undefined })).toBe(3);
    expect(await rev({ health_timeout: 2.5 })).toBe(4);
    expect(await getService(db, row.id)).toMatchObject({ tags: ["new"], health_timeout: 2.5, updated_at: NOW + 4 }); // each write gives another time
  });

  test("writes nothing when nothing changes", async () => {
    const row = await addService(db, await addProject(db, "same"), { name: "web", version: "1" });
    expect(await updateService(db, row.id, serviceInput({ name: "web" }), NOW + 5)).toEqual(row);
    expect(await getService(db, row.id)).toEqual(row);
  });

  test("moves to a lane of the new interval, remembers the old one, and moves to an unscheduled one as a heartbeat", async () => {
    const row = await addService(db, await addProject(db, "moves"), { name: "web" });
    const moved = await updateService(db, row.id, { health_interval: 45 }, NOW);
    if (moved === undefined || moved === "duplicate") throw new Error("not moved");
    expect(laneInterval(moved.lane)).toBe(45);
    expect(moved.lanes).toEqual([moved.lane, row.lane]);
    const same = await updateService(db, row.id, { health_method: "tcp", health_url: "127.0.0.1:80" }, NOW);
    expect(same).toMatchObject({ lane: moved.lane, lanes: moved.lanes, rev: 3 });
    const beat = await updateService(db, row.id, { health_method: "heartbeat" }, NOW);
    if (beat === undefined || beat === "duplicate") throw new Error("not moved");
    expect(beat).toMatchObject({ lanes: [beat.lane, ...moved.lanes], rev: 4 });
    expect(isScheduled(beat.lane)).toBe(false);
  });

  test("keeps the newest eight lanes, each once", async () => {
    const row = await addService(db, await addProject(db, "wanders"), { name: "web", health_interval: 100 });
    for (const interval of [101, 102, 103, 104, 105, 106, 107, 108, 107]) {
      await updateService(db, row.id, { health_interval: interval }, NOW);
    }
    const lanes = (await getService(db, row.id))?.lanes.map(laneInterval);
    expect(lanes).toEqual([107, 108, 106, 105, 104, 103, 102, 101]);
  });

  test("tells of a name that is taken and of a service that is not there", async () => {
    const project = await addProject(db, "taken");
    await addService(db, project, { name: "a" });
    const b = await addService(db, project, { name: "b" });
    expect(await updateService(db, b.id, { name: "a" }, NOW)).toBe("duplicate");
    expect(await updateService(db, 999_999, { name: "a" }, NOW)).toBeUndefined();
  });

  test("throws what is not a duplicate", async () => {
    const row = await addService(db, await addProject(db, "broken"), { name: "a" });
    const patch = JSON.parse('{"health_url":{"not":"text"},"name":null}');
    await expect(updateService(db, row.id, patch, NOW)).rejects.toThrow();
  });
});

describe("deleting a service", () => {
  test("takes its flips along and never gives its id again", async () => {
    const project = await addProject(db, "gone");
    const row = await addService(db, project, { name: "web" });
    const flip = flipOf(row, 1, "unknown", "up", NOW);
    await recordOutcomes(db, [message(row.lane, NOW, [result(row)], { flips: [flip] })]);
    expect(await deleteService(db, row.id)).toBe(true);
    expect(await deleteService(db, row.id)).toBe(false);
    const again = await addService(db, project, { name: "web" });
    expect(again.id).toBeGreaterThan(row.id);
    expect((await listFlips(db, { project: "gone" }, { limit: 10 })).total).toBe(0);
    expect(await db.$count(flips, eq(flips.service_id, row.id))).toBe(0);
  });
});

describe("listing services", () => {
  beforeAll(async () => {
    const shop = await addProject(db, "shop");
    await addService(db, shop, { name: "orders-api", tags: ["primary", "eu"], capabilities: ["rest"] });
    await addService(db, shop, {
      name: "db_main",
      service_type: "database",
      health_method: "postgres",
      tags: ["primary"],
    });
    await addService(db, shop, {
      name: "dbxmain",
      service_type: "cache",
      health_method: "redis",
      capabilities: ["kv"],
    });
    const stopped = await addProject(db, "shop-old");
    await addService(db, stopped, { name: "orders-api", tags: ["primary"] });
    await setProjectStatus(db, stopped.id, "stopped", NOW);
  });

  test.each([
    [{ project: "shop" }, ["orders-api", "db_main", "dbxmain"]],
    [{ project: "shop", type: "database" as const }, ["db_main"]],
    [{ project: "shop", method: "redis" as const }, ["dbxmain"]],
    [{ project: "shop", tag: "primary" }, ["orders-api", "db_main"]],
    [{ project: "shop", tag: "prim" }, []],
    [{ capability: "kv" }, ["dbxmain"]],
    [{ project: "shop", status: "down" as const }, []],
    [{ project: "shop", status: "unknown" as const, capability: "rest" }, ["orders-api"]],
    [{ q: "DB_" }, ["db_main"]],
    [{ q: "shop" }, ["orders-api", "db_main", "dbxmain"]],
    [{ q: "%" }, []],
    [{ q: "x".repeat(2_000) }, []],
    [{ q: "", project: "shop", type: "cache" as const }, ["dbxmain"]],
    [{ q: "shop-old" }, []],
    [{ q: "shop-old", include_stopped: true }, ["orders-api"]],
  ])("filter %o finds %o", async (filter, names) => {
    const { rows, total } = await listServices(db, filter, { limit: 100 });
    expect(rows.map((row) => row.name)).toEqual(names);
    expect(total).toBe(names.length);
  });

  test("goes page by page, and the total stays that of all pages", async () => {
    const first = await listServices(db, { project: "shop" }, { limit: 2 });
    expect(first.rows.map((row) => row.name)).toEqual(["orders-api", "db_main"]);
    const second = await listServices(db, { project: "shop" }, { limit: 2, after: first.rows[1]?.id });
    expect(second.rows.map((row) => row.name)).toEqual(["dbxmain"]);
    expect([first.total, second.total]).toEqual([3, 3]);
  });

  test("by project id", async () => {
    const [row] = (await listServices(db, { project: "shop" }, { limit: 1 })).rows;
    expect((await listServices(db, { project_id: row?.project_id }, { limit: 1 })).total).toBe(3);
  });

  test("knows nothing of the services of a deleted project", async () => {
    const project = await addProject(db, "doomed");
    await addService(db, project, { name: "web" });
    expect(await deleteProject(db, project.id)).toBe(true);
    expect((await listServices(db, { project: "doomed" }, { limit: 10 })).total).toBe(0);
    expect(await deleteProject(db, project.id)).toBe(false);
  });
});

test("the database counts the members of each lane, whatever happens to them", async () => {
  const project = await addProject(db, "lanes");
  const rows = [];
  for (let n = 0; n < LANE_SIZE + 2; n++) {
    rows.push(await addService(db, project, { name: `lane-${n}`, health_interval: 777 }));
  }
  const [first, second, third] = rows;
  await updateService(db, first?.id ?? 0, { health_interval: 778 }, NOW + 1);
  await deleteService(db, second?.id ?? 0);
  expect(await lanesAsCounted()).toEqual(await lanesAsTheyAre());
  const next = await addService(db, project, { name: "next", health_interval: 777 });
  expect(next.lane).toBe(third?.lane); // which has room again
  await deleteProject(db, project.id);
  expect(await lanesAsCounted()).toEqual(await lanesAsTheyAre());
});

const lanesAsCounted = () => db.all(sql`SELECT lane, members FROM lane_members ORDER BY lane`);
const lanesAsTheyAre = () => db.all(sql`SELECT lane, count(*) AS members FROM services GROUP BY lane ORDER BY lane`);
