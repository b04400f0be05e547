import { expect, test } from "vitest";
import type { ServiceInput } from "../../src/core/service/service-definition.ts";
import type { Db } from "../../src/store/database.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { applyManifest, projectServices } from "../../src/store/registry/manifest.ts";
import { createProject, deleteProject, setProjectStatus, updateProject } from "../../src/store/registry/projects.ts";
import {
  beginSync,
  changesSince,
  forgetTombstones,
  markOf,
  registryState,
  TOMBSTONE_DAYS,
} from "../../src/store/registry/registry-changes.ts";
import { createService, deleteService, updateService } from "../../src/store/registry/services.ts";
import { NOW, serviceInput } from "../store/service-input.ts";
import { nodeDatabase } from "./node-database.ts";

const DAY = 86_400_000;

async function shop(db: Db, ...names: string[]) {
  const project = await createProject(db, { name: "shop", metadata: {}, now: NOW });
  if (project === "duplicate") throw new Error("there is a project shop");
  const rows = [];
  for (const name of names) {
    const row = await createService(db, project.id, serviceInput({ name }), NOW);
    if (row === "duplicate") throw new Error(`there is a service ${name}`);
    rows.push(row);
  }
  return { project, rows };
}

/** The names of what changed, with a minus for what is gone. */
async function changed(db: Db, since: number): Promise<string[]> {
  const { changes } = await changesSince(db, since);
  return changes.map(({ service_id, row }) => (row === null ? `-${service_id}` : row.name));
}
const revisionOf = async (db: Db) => (await registryState(db)).revision;

test("every change of a service that others see has a revision, and only the newest change of each is told", async () => {
  const { db } = nodeDatabase();
  const { rows } = await shop(db, "api", "db");
  expect(await changed(db, 0)).toEqual(["api", "db"]);
  const before = await revisionOf(db);
  const patches: Partial<ServiceInput>[] = [
    { tags: ["a"] },
    { depends_on: ["db"] },
    { health_url: "https://b.example.com" },
  ];
  for (const patch of patches) await updateService(db, rows[0]?.id ?? 0, patch, NOW);
  expect(await revisionOf(db)).toBeGreaterThan(before + 2);
  expect(await changed(db, before)).toEqual(["api"]);
  expect(await changed(db, await revisionOf(db))).toEqual([]);
});

test("a recorded flip is a change", async () => {
  const { db } = nodeDatabase();
  const { rows } = await shop(db, "api", "db");
  const before = await revisionOf(db);
  const at = new Date(NOW).toISOString();
  const flip = { seq: 1, service_id: rows[1]?.id ?? 0, from: "unknown", to: "up", reason: "passed" } as const;
  const names = { epoch: "", project: "shop", name: "db", service_type: "api", version: null, latency_ms: 3 } as const;
  const flips = [{ ...flip, ...names, at, began_at: at, evidence: [], project_id: 1 }];
  const round = { lane: 3_000_000, due_at: NOW, attempt: 0 };
  await recordOutcomes(db, [{ round, epoch: "", vantage: "home", started_at: NOW, results: [], flips, versions: [] }]);
  expect(await changed(db, before)).toEqual(["db"]);
});

test("what is deleted, disabled or stopped is gone for others, whichever way it went", async () => {
  const { db } = nodeDatabase();
  const { project, rows } = await shop(db, "a", "b", "c", "d");
  const [a = 0, b = 0, c = 0, d = 0] = rows.map(({ id }) => id);
  let since = await revisionOf(db);
  const news = async () => {
    const found = await changed(db, since);
    since = await revisionOf(db);
    return found;
  };
  await deleteService(db, a);
  expect(await news()).toEqual([`-${a}`]);
  await updateService(db, b, { enabled: false }, NOW);
  expect(await news()).toEqual([`-${b}`]);
  await applyManifest(
    db,
    { id: project.id, before: await projectServices(db, project.id) },
    { create: [], update: [], delete: [c] },
    NOW,
  );
  expect(await news()).toEqual([`-${c}`]);
  await updateProject(db, project.id, { name: "store" }, NOW);
  expect(await news()).toEqual([`-${b}`, "d"]);
  await setProjectStatus(db, project.id, "stopped", NOW);
  expect(await news()).toEqual([`-${b}`, `-${d}`]);
  await setProjectStatus(db, project.id, "running", NOW);
  expect(await news()).toEqual([`-${b}`, "d"]);
  await deleteProject(db, project.id);
  expect(await news()).toEqual([`-${b}`, `-${d}`]);
});

test("a change that no other hub sees makes no revision", async () => {
  const { db } = nodeDatabase();
  const { project, rows } = await shop(db, "api");
  const before = await revisionOf(db);
  await updateProject(db, project.id, { metadata: { team: "a" } }, NOW);
  await setProjectStatus(db, project.id, "running", NOW);
  await updateService(db, rows[0]?.id ?? 0, {}, NOW);
  expect(await revisionOf(db)).toBe(before);
});

test("old tombstones are forgotten, and who has not heard of them gets everything anew", async () => {
  const { db } = nodeDatabase();
  const { rows } = await shop(db, "a", "b");
  const { epoch, revision } = await registryState(db);
  const mark = await markOf(db, revision, Date.now());
  const query = { epoch, since: revision, head: revision, mark, copying: false };
  await deleteService(db, rows[0]?.id ?? 0);
  expect(await beginSync(db, query, Date.now())).toEqual({ kind: "page", full: false, since: revision });
  await markOf(db, await revisionOf(db), Date.now());
  await forgetTombstones(db, Date.now() + (TOMBSTONE_DAYS - 1) * DAY);
  expect(await changed(db, revision)).toEqual([`-${rows[0]?.id}`]);
  await forgetTombstones(db, Date.now() + (TOMBSTONE_DAYS + 1) * DAY);
  expect(await changed(db, 0)).toEqual(["b"]);
  expect(await beginSync(db, query, Date.now())).toEqual({ kind: "page", full: true, since: 0 });
});

test("a hub in which nothing happens for a year is not copied anew", async () => {
  const { db } = nodeDatabase();
  await shop(db, "a");
  const { epoch, revision } = await registryState(db);
  const query = { epoch, since: revision, head: revision, mark: await markOf(db, revision, NOW), copying: false };
  await forgetTombstones(db, NOW + 365 * DAY);
  expect(await beginSync(db, query, Date.now())).toEqual({ kind: "nothing" });
});

test("nor is one whose newest change is a deletion of long ago", async () => {
  const { db } = nodeDatabase();
  const { rows } = await shop(db, "a", "b");
  await deleteService(db, rows[0]?.id ?? 0);
  const { epoch, revision } = await registryState(db);
  const query = { epoch, since: revision, head: revision, mark: await markOf(db, revision, NOW), copying: false };
  await forgetTombstones(db, Date.now() + (TOMBSTONE_DAYS + 1) * DAY);
  expect(await registryState(db)).toMatchObject({ floor: revision });
  expect(await beginSync(db, query, Date.now())).toEqual({ kind: "nothing" });
  expect(await beginSync(db, { ...query, mark: "another" }, Date.now())).toMatchObject({ full: true });
  expect((await registryState(db)).epoch).toBe(epoch);
});

test("a database that was restored notices it by a mark that it never gave, even when it has grown past it", async () => {
  const { db, backup, restore } = nodeDatabase();
  const { project } = await shop(db, "a");
  const saved = backup();
  await createService(db, project.id, serviceInput({ name: "lost" }), NOW);
  const { epoch, revision } = await registryState(db);
  const query = { epoch, since: revision, head: revision, mark: await markOf(db, revision, NOW), copying: false };
  restore(saved);
  for (const name of ["b", "c", "d"]) await createService(db, project.id, serviceInput({ name }), NOW);
  expect(await beginSync(db, query, Date.now())).toEqual({ kind: "page", full: true, since: 0 });
  expect((await registryState(db)).epoch).not.toBe(epoch);
});
