/** A database that does not fail but hangs: nobody waits for it longer than its time, and nothing is lost meanwhile. */
import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { unknownState } from "../../src/core/board/board-entry.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import { DATABASE_SOON_MS } from "../../src/core/time/durations.ts";
import { LiveBoard } from "../../src/objects/board/live-board.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { type Db, openDatabase, ping, runBatch } from "../../src/store/database.ts";
import { isAway } from "../../src/store/errors.ts";
import { deleteService } from "../../src/store/registry/services.ts";
import { projects } from "../../src/store/tables/hub-tables.ts";
import { boardSteps } from "../../src/worker/board-steps.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { aCheck, T0 } from "../core/fixtures.ts";
import { addProject, addService } from "../store/fixtures.ts";

let db: Db;
beforeEach(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  db = openDatabase(env.DB);
});

/** The answers of this database come when `gate` does. */
function slowDatabase(gate: Promise<void>): D1Database {
  const after = async <T>(work: () => Promise<T>): Promise<T> => {
    const answer = await work();
    await gate;
    return answer;
  };
  const originals = new WeakMap<object, D1PreparedStatement>();
  const slow = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = {
      bind: (...values: unknown[]) => slow(statement.bind(...values)),
      all: () => after(() => statement.all()),
      run: () => after(() => statement.run()),
      raw: () => after(() => statement.raw()),
      first: () => after(() => statement.first()),
    } as unknown as D1PreparedStatement; // as far as it is used
    originals.set(proxy, statement);
    return proxy;
  };
  return {
    prepare: (query: string) => slow(env.DB.prepare(query)),
    batch: (all: D1PreparedStatement[]) => after(() => env.DB.batch(all.map((one) => originals.get(one) ?? one))),
  } as unknown as D1Database; // as far as it is used
}

const never = new Promise<void>(() => {});

describe("a call of a database that hangs", () => {
  it.each([
    ["one statement", (hung: Db) => ping(hung)],
    ["a list", (hung: Db) => hung.select().from(projects)],
    ["a transaction", (hung: Db) => runBatch(hung, [hung.select().from(projects)])],
  ])("fails in time, as that of one that is away: %s", async (_, ask) => {
    const failed: unknown = await ask(openDatabase(slowDatabase(never), 50)).catch((error) => error);
    expect(isAway(failed)).toBe(true);
  });

  it("is not limited where work may take its time", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const answer = openDatabase(slowDatabase(promise), null).select().from(projects);
    setTimeout(resolve, 100);
    expect(await answer).toEqual([]);
  });
});

/** A board of its own, over the database. */
async function withBoard(DB: D1Database, use: (board: LiveBoard) => Promise<void>): Promise<void> {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  await runInDurableObject(env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId()), async (_, ctx) => {
    const bindings = Object.assign({}, env, { DB });
    await use(new LiveBoard(ctx, bindings as never, systemClock, boardSteps(hubOf(bindings as never, systemClock))));
  });
  logged.mockRestore();
}

describe("a board whose database hangs", () => {
  it("answers with what it knows, first after the database's time and then at once", async () => {
    await withBoard(slowDatabase(never), async (board) => {
      const began = Date.now();
      await board.add([aCheck({ service_id: 7 })], []);
      expect(Date.now() - began).toBeGreaterThanOrEqual(DATABASE_SOON_MS - 100);
      const items: [number, ReturnType<typeof unknownState>][] = [[7, { ...unknownState(T0), status: "down" }]];
      const asked = Date.now();
      expect(await board.apply({ epoch: "", items, flips: [] })).toEqual([]);
      expect(await board.read([7])).toMatchObject([{ id: 7, live: { status: "down" } }]);
      expect(Date.now() - asked).toBeLessThan(DATABASE_SOON_MS);
      expect(await board.toPlan()).toBeNull(); // it never read the registry
    });
  });

  it("takes in what happens while it reads, and is as the registry is in the end", async () => {
    const project = await addProject(db, "shop");
    const [stays, goes] = [
      await addService(db, project, { name: "stays" }),
      await addService(db, project, { name: "goes" }),
    ];
    const { promise, resolve } = Promise.withResolvers<void>();
    await withBoard(slowDatabase(promise), async (board) => {
      const asked = board.entries(); // the answers of the database are made, and do not come yet
      await new Promise((done) => setTimeout(done, 200));
      const comes = await addService(db, project, { name: "comes" });
      await deleteService(db, goes.id);
      const added = board.add([toCheck(comes)], [comes.id]);
      const removed = board.remove([{ service_id: goes.id, epoch: goes.epoch, rev: null }], []);
      const items: [number, ReturnType<typeof unknownState>][] = [[stays.id, { ...unknownState(T0), status: "down" }]];
      const applied = board.apply({ epoch: stays.epoch, items, flips: [] });
      resolve();
      await Promise.all([asked, added, removed, applied]);
      const entries = await board.entries();
      expect(entries.map(({ check }) => check.name).sort()).toEqual(["comes", "stays"]);
      expect(entries.find(({ check }) => check.name === "stays")?.live.status).toBe("down");
      expect(await board.toPlan()).toHaveLength(2);
    });
  });
});
