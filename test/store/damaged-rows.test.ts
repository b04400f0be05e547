/** One row that can't be read costs nobody else anything. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { Board } from "../../src/core/board/board.ts";
import { unknownState } from "../../src/core/board/board-entry.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import { isJudgeable } from "../../src/core/service/unreadable.ts";
import { AT_THE_BEGINNING, follow } from "../../src/pipeline/follow.ts";
import { plan } from "../../src/pipeline/plan.ts";
import type { Db } from "../../src/store/database.ts";
import { rollupHours } from "../../src/store/history/rollups.ts";
import { dependenciesOf, loadBoard, loadChecks } from "../../src/store/registry/checks.ts";
import { applyManifest, projectServices } from "../../src/store/registry/manifest.ts";
import { endPauses } from "../../src/store/registry/pauses.ts";
import { beginFollow, changedServices, changesOf, markOf } from "../../src/store/registry/registry-changes.ts";
import { deleteService, getService, listServices, updateService } from "../../src/store/registry/services.ts";
import { DAMAGED_COLUMNS, type Damage, type DamagedColumn, damage, damagesOf } from "./damaged-rows.ts";
import { addProject, addService, migratedDatabase, NOW, serviceInput } from "./fixtures.ts";

let db: Db;
let project: Awaited<ReturnType<typeof addProject>>;
let neighbour: number;
beforeAll(async () => {
  db = await migratedDatabase();
  project = await addProject(db, "shop");
  neighbour = (await addService(db, project, { name: "neighbour", depends_on: ["broken"] })).id;
});

async function withEach(column: DamagedColumn, run: (id: number, damaged: string) => Promise<void>): Promise<void> {
  for (const each of damagesOf(column)) await withDamage(each, (id) => run(id, each.value));
}

async function withDamage(each: Damage, run: (id: number) => Promise<void>): Promise<void> {
  const { id } = await addService(db, project, {
    name: "broken",
    tags: ["a"],
    enabled: each.column !== "paused_until",
  });
  try {
    await damage(id, each);
    await run(id);
    expect((await getService(db, id))?.id).toBe(id);
  } finally {
    expect(await deleteService(db, id)).toBe(true);
  }
}

async function planned(): Promise<{ ids: Set<number>; unread: (number | null)[] }> {
  const ids = new Set<number>();
  const { unread } = await plan(NOW, {
    now: () => NOW,
    wait: async () => {},
    load: () => loadChecks(db),
    remembered: async () => null,
    send: async (messages, sent) => {
      for (const { checks } of messages) for (const { service_id } of checks) ids.add(service_id);
      await sent(messages);
    },
    planned: async () => {},
    failed: (error) => {
      throw error;
    },
    vantages: [],
  });
  return { ids, unread: unread.map(({ service_id }) => service_id) };
}

async function followed(board: Board): Promise<void> {
  await follow(AT_THE_BEGINNING, 0, {
    now: () => NOW + 60_000,
    wait: () => new Promise<void>(() => {}),
    vantages: [],
    begin: (asked) => beginFollow(db, asked, NOW),
    changedServices: (since) => changedServices(db, since, 10_000),
    changesOf: (ids) => changesOf(db, ids),
    markOf: (revision) => markOf(db, revision, NOW),
    enter: async () => {},
    known: (id) => board.known(id),
    boardAdd: async (checks) => checks.forEach((check) => void board.add(check, unknownState(NOW))),
    boardRemove: async (leaving) => leaving.forEach((each) => void board.remove(each)),
    close: async (_lane, closing) => closing.map(() => null),
    bury: async () => {},
    record: async () => {},
    send: async () => {},
    failed: (_lane, error) => {
      throw error;
    },
  });
}

describe.each(DAMAGED_COLUMNS)("a service whose %s can't be read", (column) => {
  const isUnjudged = column === "health_options";
  const isWatched = column !== "paused_until" && column !== "gone_since";

  test("is planned if its check is known, and its neighbours always are", async () => {
    await withEach(column, async (id, damaged) => {
      const { ids, unread } = await planned();
      expect(ids, damaged).toContain(neighbour);
      expect(ids.has(id), damaged).toBe(isWatched && !isUnjudged);
      expect(unread, damaged).toEqual(isUnjudged ? [id] : []);
    });
  });

  test("is on the board as far as it can be judged, after a restart and by following the registry", async () => {
    await withEach(column, async (id, damaged) => {
      const { seeds } = await loadBoard(db, NOW);
      expect(
        seeds.map(({ check }) => check.service_id),
        damaged,
      ).toEqual(isWatched ? [neighbour, id] : [neighbour]);
      const board = new Board();
      await followed(board);
      expect(board.get(neighbour), damaged).toBeDefined();
      const check = board.get(id)?.check;
      expect(check === undefined ? null : isJudgeable(check), damaged).toBe(isWatched ? !isUnjudged : null);
      await dependenciesOf(db, [neighbour, id], "me", 20);
      await endPauses(db, NOW, 10);
      await rollupHours(db, NOW);
    });
  });

  test("can be listed and found, and changed into a readable one", async () => {
    await withEach(column, async (id, damaged) => {
      const { rows, total } = await listServices(db, { project: "shop", tag: undefined }, { limit: 10 });
      expect([rows.map((row) => row.id), total], damaged).toEqual([[neighbour, id], 2]);
      for (const filter of [{ tag: "a" }, { capability: "a" }]) await listServices(db, filter, { limit: 10 });
      const input = serviceInput({ name: "broken", tags: ["b"], metadata: { a: 1 }, capabilities: ["c"] });
      const changed = await updateService(db, id, { ...input, version: "2" }, NOW + 1);
      if (changed === undefined || changed === "duplicate") throw new Error("it can't be changed");
      expect(changed, damaged).toMatchObject({ tags: ["b"], version: "2", unreadable: [] });
      expect(toCheck(changed).unreadable).toBeUndefined();
    });
  });

  test("is replaced by a manifest", async () => {
    await withEach(column, async (id, damaged) => {
      const before = await projectServices(db, project.id);
      const input = serviceInput({ name: "broken", tags: ["b"] });
      const plan = { create: [], update: [{ id, input }], delete: [] };
      const change = await applyManifest(db, { id: project.id, before }, plan, NOW + 1);
      if (change === "changed") throw new Error("nobody else has changed it");
      expect(
        change.after.find((row) => row.id === id),
        damaged,
      ).toMatchObject({ tags: ["b"], unreadable: [] });
    });
  });
});

test("what can't be read of a service stays until somebody replaces it", async () => {
  await withDamage({ column: "health_options", value: `'{"grace": 5'` }, async (id) => {
    const stored = async () =>
      await env.DB.prepare("SELECT health_options, tags FROM services WHERE id = ?").bind(id).first();
    await updateService(db, id, { tags: ["b"] }, NOW + 1);
    expect(await stored()).toEqual({ health_options: '{"grace": 5', tags: '["b"]' });
    await updateService(db, id, { health_options: {} }, NOW + 2);
    expect(await stored()).toEqual({ health_options: "{}", tags: '["b"]' });
  });
});
