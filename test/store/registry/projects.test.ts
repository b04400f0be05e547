import { beforeAll, describe, expect, test } from "vitest";
import type { Db } from "../../../src/store/database.ts";
import { recordOutcomes } from "../../../src/store/history/outcomes.ts";
import {
  createProject,
  getProject,
  getProjectByName,
  listAllProjects,
  listProjects,
  setProjectStatus,
  updateProject,
} from "../../../src/store/registry/projects.ts";
import { getService } from "../../../src/store/registry/services.ts";
import { addProject, addService, flipOf, message, migratedDatabase, NOW } from "../fixtures.ts";

let db: Db;
beforeAll(async () => {
  db = await migratedDatabase();
});

describe("projects", () => {
  test("are made running and empty, and a name is given once", async () => {
    const project = await createProject(db, { name: "one", metadata: { a: 1 }, now: NOW });
    expect(project).toEqual({
      id: expect.any(Number),
      name: "one",
      status: "running",
      stopped_by: null,
      metadata: { a: 1 },
      created_at: NOW,
      updated_at: NOW,
      service_count: 0,
      counts: { unknown: 0, up: 0, degraded: 0, down: 0 },
    });
    expect(await getProjectByName(db, "one")).toEqual(project);
    expect(await createProject(db, { name: "one", metadata: {}, now: NOW })).toBe("duplicate");
    expect(await getProject(db, 999_999)).toBeUndefined();
    expect(await getProjectByName(db, "none")).toBeUndefined();
  });

  test("count all services, and by status the enabled ones", async () => {
    const project = await addProject(db, "counted");
    const web = await addService(db, project, { name: "web" });
    await addService(db, project, { name: "api" });
    await addService(db, project, { name: "off", enabled: false });
    const flips = [flipOf(web, 1, "unknown", "up", NOW)];
    await recordOutcomes(db, [message(web.lane, NOW, [], { flips })]);
    const counted = await getProject(db, project.id);
    expect(counted).toMatchObject({ service_count: 3, counts: { up: 1, unknown: 1, degraded: 0, down: 0 } });
    expect((await listAllProjects(db)).find((row) => row.name === "counted")).toEqual(counted);
  });

  test("are listed page by page and found by a part of the name in any case", async () => {
    for (const name of ["list-a", "list-b", "list_c"]) await addProject(db, name);
    const first = await listProjects(db, { limit: 2, q: "LIST" });
    expect([first.rows.map((row) => row.name), first.total]).toEqual([["list-a", "list-b"], 3]);
    const second = await listProjects(db, { limit: 2, q: "LIST", after: first.rows[1]?.id });
    expect([second.rows.map((row) => row.name), second.total]).toEqual([["list_c"], 3]);
    expect((await listProjects(db, { limit: 9, q: "t_" })).total).toBe(1);
    expect((await listProjects(db, { limit: 9 })).total).toBe((await listAllProjects(db)).length);
  });

  test("stop and start with a new revision of every check, and only when the status changes", async () => {
    const project = await addProject(db, "stops");
    const { id } = await addService(db, project, { name: "web" });
    const other = await addService(db, await addProject(db, "goes-on"), { name: "web" });
    expect(await setProjectStatus(db, project.id, "stopped", NOW + 1)).toMatchObject({
      status: "stopped",
      updated_at: NOW + 1,
    });
    expect(await getService(db, id)).toMatchObject({ rev: 2, project_status: "stopped" });
    expect(await setProjectStatus(db, project.id, "stopped", NOW + 2)).toMatchObject({ updated_at: NOW + 1 });
    expect(await getService(db, id)).toMatchObject({ rev: 2 });
    await setProjectStatus(db, project.id, "running", NOW + 3);
    expect(await getService(db, id)).toMatchObject({ rev: 3, project_status: "running" });
    expect(await getService(db, other.id)).toMatchObject({ rev: 1 });
    expect(await setProjectStatus(db, 999_999, "running", NOW)).toBeUndefined();
  });

  test("change name and metadata; only a new name is a new revision of the checks", async () => {
    const project = await addProject(db, "before");
    await addProject(db, "taken");
    const { id } = await addService(db, project, { name: "web" });
    expect(await updateProject(db, project.id, { metadata: { b: 2 } }, NOW + 1)).toMatchObject({ metadata: { b: 2 } });
    expect(await updateProject(db, project.id, { name: "before" }, NOW + 1)).toMatchObject({ metadata: { b: 2 } });
    expect(await getService(db, id)).toMatchObject({ rev: 1 });
    expect(await updateProject(db, project.id, { name: "taken" }, NOW + 2)).toBe("duplicate");
    expect(await getService(db, id)).toMatchObject({ rev: 1, project: "before" });
    expect(await updateProject(db, project.id, { name: "after" }, NOW + 3)).toMatchObject({
      name: "after",
      updated_at: NOW + 3,
    });
    expect(await getService(db, id)).toMatchObject({ rev: 2, project: "after" });
    expect(await updateProject(db, 999_999, { name: "x" }, NOW)).toBeUndefined();
    await expect(updateProject(db, project.id, JSON.parse('{"name":{}}'), NOW)).rejects.toThrow();
  });
});
