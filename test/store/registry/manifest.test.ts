import { beforeAll, describe, expect, test } from "vitest";
import { LANE_SIZE, laneInterval } from "../../../src/core/lane/lanes.ts";
import type { ManifestPlan } from "../../../src/core/service/manifest-plan.ts";
import type { ProjectRow } from "../../../src/core/service/service-row.ts";
import type { Db } from "../../../src/store/database.ts";
import { applyManifest, projectServices } from "../../../src/store/registry/manifest.ts";
import { addProject, addService, countingDatabase, migratedDatabase, NOW, serviceInput } from "../fixtures.ts";

const NOTHING = { create: [], update: [], delete: [] };

let db: Db;

/** Applies the plan to what the project has now. */
async function applied(to: Db, { id }: ProjectRow, plan: Omit<ManifestPlan, "unchanged">, now: number) {
  const change = await applyManifest(to, { id, before: await projectServices(to, id) }, plan, now);
  if (change === "changed") throw new Error("nobody else writes here");
  return change;
}
beforeAll(async () => {
  db = await migratedDatabase();
});

describe("a manifest", () => {
  test("creates, updates and deletes at once and tells what became of each", async () => {
    const project = await addProject(db, "mixed");
    const kept = await addService(db, project, { name: "kept", version: "7" });
    const changed = await addService(db, project, { name: "changed", version: "7" });
    const gone = await addService(db, project, { name: "gone" });
    const input = serviceInput({
      name: "new",
      health_options: { headers: { "x-a": `it's "quoted"` }, follow_redirects: false },
      metadata: { deep: { list: [1, true, null] } },
      tags: ["a", "b"],
      health_timeout: 2.5,
      port: 80,
      enabled: false,
    });
    const plan = {
      create: [input],
      update: [
        {
          id: changed.id,
          input: serviceInput({ name: "changed", health_interval: 60, health_options: { tls: true }, tags: ["x"] }),
        },
        { id: kept.id, input: serviceInput({ name: "kept" }) },
        { id: 999_999, input: serviceInput({ name: "nobody" }) },
      ],
      delete: [gone.id],
    };
    const change = await applied(db, project, plan, NOW + 5);
    expect(change.deleted).toEqual([gone]);
    expect(change.created).toEqual([expect.objectContaining({ ...input, version: null, rev: 1, status: "unknown" })]);
    expect(change.updated).toEqual([
      expect.objectContaining({ id: changed.id, rev: 2, health_options: { tls: true }, tags: ["x"], version: "7" }),
    ]);
    expect(change.updated[0]?.lanes.map(laneInterval)).toEqual([60, 30]);
    const names = (await projectServices(db, project.id)).map((row) => row.name);
    expect(names).toEqual(["kept", "changed", "new"]);
  });

  test("of a thousand services is one transaction and fills its lanes", async () => {
    const project = await addProject(db, "large");
    const create = Array.from({ length: 1_000 }, (_, i) =>
      serviceInput({ name: `s${i}`, health_interval: 15, health_options: { body: "x".repeat(1_500) } }),
    );
    const { created } = await applied(db, project, { ...NOTHING, create }, NOW);
    const members = Map.groupBy(created, (row) => row.lane);
    expect(created).toHaveLength(1_000);
    expect(members.size).toBe(Math.ceil(1_000 / LANE_SIZE));
    const update = created.map((row) => ({ id: row.id, input: serviceInput({ name: row.name, health_interval: 15 }) }));
    expect((await applied(db, project, { ...NOTHING, update }, NOW)).updated).toHaveLength(1_000);
    const { deleted } = await applied(db, project, { ...NOTHING, delete: created.map((row) => row.id) }, NOW);
    expect(deleted).toHaveLength(1_000);
  });

  test("that can't be applied as a whole changes nothing", async () => {
    const project = await addProject(db, "atomic");
    const there = await addService(db, project, { name: "there" });
    const plan = {
      create: ["fresh", "twice", "twice"].map((name) => serviceInput({ name })),
      update: [],
      delete: [there.id],
    };
    await expect(applied(db, project, plan, NOW)).rejects.toThrow();
    expect(await projectServices(db, project.id)).toEqual([there]);
  });

  test("touches no other project's services", async () => {
    const other = await addService(db, await addProject(db, "other"), { name: "web" });
    const project = await addProject(db, "mine");
    const plan = {
      ...NOTHING,
      update: [{ id: other.id, input: serviceInput({ name: "web", tags: ["x"] }) }],
      delete: [other.id],
    };
    expect(await applied(db, project, plan, NOW)).toMatchObject({ created: [], updated: [], deleted: [] });
    expect(await projectServices(db, other.project_id)).toEqual([other]);
  });

  test("with nothing to do writes nothing", async () => {
    const project = await addProject(db, "idle");
    const counted = countingDatabase();
    await applied(counted.db, project, NOTHING, NOW);
    expect(counted.rowsWritten()).toBe(0);
  });
});
