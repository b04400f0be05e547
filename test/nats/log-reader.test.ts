/** The bridge takes the log into its outbox: from where it begins, once each, and as much as there is room for. */
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ProjectRow, ServiceRow } from "../../src/core/service/service-row.ts";
import { LogReader } from "../../src/nats/log-reader.ts";
import type { DurableEvent } from "../../src/nats/messages.ts";
import { Outbox } from "../../src/nats/outbox.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import type { Db } from "../../src/store/database.ts";
import { eventLog } from "../../src/store/events.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { setProjectStatus } from "../../src/store/registry/projects.ts";
import { newEpoch, registryState } from "../../src/store/registry/registry-changes.ts";
import { deleteService, updateService } from "../../src/store/registry/services.ts";
import { services } from "../../src/store/tables/hub-tables.ts";
import { addProject, addService, flipOf, message, migratedDatabase, NOW } from "../store/fixtures.ts";

let db: Db;
let project: ProjectRow;
let api: ServiceRow;
beforeEach(async () => {
  await reset();
  db = await migratedDatabase();
  project = await addProject(db, "shop");
  api = await addService(db, project, { name: "api" });
});

interface Given {
  limit?: number;
  mayDrop?: () => boolean;
}

interface Reading {
  outbox: Outbox;
  reader: LogReader;
  storage: DurableObjectStorage;
  /** Reads, and returns what came into the outbox then. */
  news(): Promise<string[]>;
  /** The same in an object that was evicted. */
  evicted(given?: Given): Reading;
}

function reading(storage: DurableObjectStorage, { limit, mayDrop = () => false }: Given = {}): Reading {
  const outbox = new Outbox(storage, limit);
  const reader = new LogReader({
    storage,
    log: eventLog(db),
    clock: systemClock,
    hubId: "hub-a",
    outbox,
    mayDrop,
    added: () => {},
  });
  const news = async () => {
    const before = newestIn(storage);
    await reader.read();
    return eventsAfterId(storage, before).map(shown);
  };
  return { outbox, reader, storage, news, evicted: (given = {}) => reading(storage, given) };
}

/** An outbox that is away has nothing. */
function outboxRows({ sql }: DurableObjectStorage): { id: number; event: string }[] {
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").toArray().length === 0) return [];
  return sql.exec<{ id: number; event: string }>("SELECT id, event FROM outbox ORDER BY id").toArray();
}

const newestIn = (storage: DurableObjectStorage) => outboxRows(storage).at(-1)?.id ?? 0;

function eventsAfterId(storage: DurableObjectStorage, before: number): DurableEvent[] {
  return outboxRows(storage).flatMap(({ id, event }) => (id > before ? [JSON.parse(event)] : []));
}

function shown({ type, service_id, payload }: DurableEvent): string {
  const { name, project, service, status } = payload as Record<string, string> & { service?: { name: string } };
  const kind = type.split(".").at(-1);
  return kind === "flip" ? `${service_id} ${name} ${status}` : `${kind} ${service?.name ?? project}`;
}

const withReader = (use: (reading: Reading) => Promise<void>, given?: Given) =>
  runInDurableObject(env.NATS_BRIDGE.get(env.NATS_BRIDGE.newUniqueId()), async (_, { storage }) =>
    use(reading(storage, given)),
  );

const record = (...flips: ReturnType<typeof flipOf>[]) =>
  recordOutcomes(db, [{ ...message(api.lane, NOW, [], { flips }), epoch: api.epoch }]);

describe("a bridge that is new", () => {
  it("tells of the services that are watched, and of nothing that was before", async () => {
    await addService(db, project, { name: "off", enabled: false });
    await addService(db, project, { name: "web" });
    await record(flipOf(api, 1, "unknown", "up", NOW));
    await withReader(async ({ news, reader }) => {
      expect(await news()).toEqual(["registered api", "registered web"]);
      expect(reader.readUpTo).toBeGreaterThan(0);
      await record(flipOf(api, 2, "up", "down", NOW));
      expect(await news()).toEqual([`${api.id} api down`]);
    });
  });

  it("does not read the log, which may be long", async () => {
    const prepare = vi.spyOn(env.DB, "prepare");
    await withReader(async ({ news }) => {
      expect(await news()).toEqual(["registered api"]);
    });
    const read = prepare.mock.calls.filter(([query]) => query.includes('from "events" where "events"."id" >='));
    expect(read).toHaveLength(1); // what came since
    prepare.mockRestore();
  });
});

describe("the code of an event", () => {
  const codes = ({ sql }: DurableObjectStorage) =>
    sql
      .exec<{ code: string }>("SELECT json_extract(event, '$.code') AS code FROM outbox ORDER BY id")
      .toArray()
      .map(({ code }) => code);

  it("is the same for the same event, also after an eviction, and another one for every hub", async () => {
    const seen: string[] = [];
    for (const _hub of [1, 2]) {
      await withReader(async ({ news, storage, evicted }) => {
        await news();
        storage.kv.delete("log");
        storage.sql.exec("DELETE FROM registered");
        await evicted().news(); // tells the registration again
        const [first = "", second] = codes(storage);
        expect(first).toMatch(/^[0-9a-f]{24}$/);
        expect(second).toBe(first);
        seen.push(first);
      });
    }
    expect(new Set(seen).size).toBe(2);
  });
});

describe("a bridge that goes on", () => {
  it("takes each event once, also after an eviction, and when many wake it at once", async () => {
    await withReader(async ({ news, reader, outbox, evicted }) => {
      await news();
      await record(flipOf(api, 1, "unknown", "up", NOW));
      const [told] = await Promise.all([news(), reader.read(), reader.read()]);
      expect(told).toEqual([`${api.id} api up`]);
      await updateService(db, api.id, { name: "web" }, NOW);
      expect(await evicted().news()).toEqual(["deregistered api", "registered web"]);
      expect(await news()).toEqual([]);
      expect(outbox.depth).toBe(2); // it counted before the other one wrote
    });
  });

  it("takes an event again that could not be stored", async () => {
    await withReader(async ({ news, storage }) => {
      await news();
      const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
      await record(flipOf(api, 1, "unknown", "up", NOW));
      storage.sql.exec("ALTER TABLE outbox RENAME TO away");
      expect(await news()).toEqual([]);
      expect(await news()).toEqual([]);
      expect(warn).toHaveBeenCalledTimes(1);
      storage.sql.exec("ALTER TABLE away RENAME TO outbox");
      expect(await news()).toEqual([`${api.id} api up`]);
      warn.mockRestore();
    });
  });

  it("tells nothing twice of a service whose lane never heard of an end", async () => {
    await withReader(async ({ news, outbox }) => {
      await news();
      await record(flipOf(api, 1, "unknown", "up", NOW));
      await updateService(db, api.id, { enabled: false }, NOW);
      await updateService(db, api.id, { enabled: true }, NOW);
      await record(flipOf(api, 2, "up", "down", NOW)); // on its way when the watch ended
      await record(flipOf(api, 2, "up", "down", NOW), flipOf(api, 3, "unknown", "up", NOW));
      await news();
      const flips = outbox
        .heads([api.id], 20)
        .get(api.id)
        ?.filter(({ event }) => event.type.endsWith(".flip"));
      expect(flips?.map(({ event }) => event.id)).toEqual(
        ["1", "2", "3"].map((seq) => `hub-a:${api.epoch}:${api.id}:${seq}`),
      );
    });
  });

  it("skips an event that can't be read, and what is not for NATS", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    await withReader(async ({ news }) => {
      await news();
      await env.DB.prepare("INSERT INTO events (at, kind, key, body) VALUES (1, 'flip', 'x', 'no JSON')").run();
      await env.DB.prepare("INSERT INTO events (at, kind, key, body) VALUES (1, 'later', 'y', '{}')").run();
      await env.DB.prepare(
        `INSERT INTO hub_flips (hub_id, seq, from_status, to_status, reason, at, began_at)
         VALUES ('hub-b', 1, 'up', 'down', 'no answer', 1, 1)`,
      ).run();
      await setProjectStatus(db, project.id, "stopped", NOW);
      expect(await news()).toEqual(["deregistered api", "stopped shop"]);
    });
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it("leaves in the log what the outbox has no room for, and what may not be given up", async () => {
    const flips = Array.from({ length: 300 }, (_, n) =>
      flipOf(api, n + 1, n % 2 ? "up" : "down", n % 2 ? "down" : "up", NOW),
    );
    await withReader(
      async ({ news, reader, outbox, evicted }) => {
        await news();
        await record(...flips);
        expect(await news()).toHaveLength(200);
        expect(reader.isBehind).toBe(true);
        expect(outbox.dropped.events).toBe(0);
        expect(await evicted({ limit: 250, mayDrop: () => true }).news()).toHaveLength(100);
        expect(outbox.dropped.events).toBe(51); // with the registration
        const emptied = evicted({ limit: 450 });
        expect(await emptied.news()).toEqual([]);
        expect(emptied.reader.isBehind).toBe(false);
      },
      { limit: 250 },
    );
  });

  it("begins anew when what it has not read is forgotten", async () => {
    await withReader(async ({ news }) => {
      await news();
      await addService(db, project, { name: "missed" });
      await deleteService(db, api.id);
      await addService(db, project, { name: "web" });
      await env.DB.prepare("DELETE FROM events WHERE id < (SELECT max(id) FROM events)").run();
      expect(await news()).toEqual(["deregistered api", "registered missed", "registered web"]);
      expect(await news()).toEqual([]);
    });
  });

  it("of a database that was restored, tells how its services differ from what was told, also after an eviction", async () => {
    await withReader(async ({ news, evicted }) => {
      const gone = await addService(db, project, { name: "gone" });
      await news();
      await deleteService(db, gone.id);
      const lost = await addService(db, project, { name: "lost" });
      expect(await news()).toEqual(["deregistered gone", "registered lost"]);
      await env.DB.prepare("DELETE FROM services WHERE id = ?").bind(lost.id).run();
      const back = await addService(db, project, { name: "gone" });
      await env.DB.prepare("DELETE FROM events WHERE id > 2").run(); // a backup of before
      expect(await evicted().news()).toEqual(["deregistered lost", "registered gone"]);
      await newEpoch(db, api.epoch, Date.now());
      expect(await evicted().news()).toEqual([]); // what is registered anew in the log was told
      await deleteService(db, back.id);
      expect(await news()).toEqual(["deregistered gone"]);
    });
  });
});

/** From here on the registry writes the log: what it did before was done under an older release. */
const beginLog = () => env.DB.prepare("DELETE FROM events").run();

/** As an older release has left it; 0.2.0 noted no epoch. */
function ledger(
  { sql, kv }: DurableObjectStorage,
  epoch: string | null,
  rows: [id: number, seq: number, name: string | null][],
) {
  sql.exec(
    `CREATE TABLE told (
      service_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, card TEXT, changed_at INTEGER NOT NULL, left_rev INTEGER)`,
  );
  if (epoch !== null) kv.put("epoch", epoch);
  for (const [id, seq, name] of rows) {
    const card = { id, project_id: 1, project: "shop", name, type: "api", health_method: "http" };
    const how = {
      health_url: "http://a",
      health_interval: 30,
      version: null,
      rev: 1,
      ...(epoch === null ? {} : { epoch }),
    };
    sql.exec(
      "INSERT INTO told VALUES (?, ?, ?, 0, NULL)",
      id,
      seq,
      name === null ? null : JSON.stringify({ ...card, ...how }),
    );
  }
}

describe("a bridge that an older release has left", () => {
  it("tells what that release has not told, once and in order, and nothing that it has", async () => {
    const renamed = await addService(db, project, { name: "new-name" });
    const missed = await addService(db, project, { name: "missed" });
    await beginLog();
    await record(flipOf(api, 4, "up", "down", NOW), flipOf(api, 5, "down", "up", NOW));
    await record(flipOf(missed, 1, "unknown", "up", NOW));
    await withReader(async ({ news, storage, evicted }) => {
      ledger(storage, api.epoch, [
        [api.id, 4, "api"],
        [renamed.id, 2, "old-name"],
        [missed.id, 0, null],
        [99, 7, "gone"],
      ]);
      expect(await news()).toEqual([
        ...["deregistered old-name", "deregistered gone", "registered new-name", "registered missed"],
        ...[`${api.id} api up`, `${missed.id} missed up`],
      ]);
      await record(flipOf(api, 6, "up", "down", NOW), flipOf(renamed, 2, "up", "down", NOW)); // the second came by the queue
      expect(await evicted().news()).toEqual([`${api.id} api down`]);
    });
  });

  it("tells everything that happened before the first reading", async () => {
    const stopped = await addService(db, project, { name: "stopped", enabled: false });
    const ended = await addService(db, project, { name: "ended" });
    await beginLog();
    await updateService(db, api.id, { enabled: false }, NOW);
    await updateService(db, api.id, { enabled: true }, NOW);
    await updateService(db, stopped.id, { enabled: true }, NOW);
    await deleteService(db, ended.id);
    const brief = await addService(db, project, { name: "brief" });
    await deleteService(db, brief.id);
    await withReader(async ({ news, storage }) => {
      ledger(storage, api.epoch, [
        [api.id, 0, "api"],
        [ended.id, 0, "ended"],
      ]);
      expect(await news()).toEqual([
        ...["deregistered api", "registered api", "registered stopped", "deregistered ended"],
        ...["registered brief", "deregistered brief"],
      ]);
    });
  });

  it("gives the end of a service another id than the older release gave to the end of its former name", async () => {
    await beginLog();
    await withReader(async ({ news, storage, outbox }) => {
      ledger(storage, api.epoch, [
        [api.id, 0, "api"],
        [99, 7, "gone"],
      ]);
      await news();
      await deleteService(db, api.id);
      await news();
      const ids = [...outbox.heads([api.id, 99], 1).values()].flat().map(({ event }) => event.id);
      expect(ids.toSorted()).toEqual([
        `hub-a:${api.epoch}:${api.id}:deregistered-1-again`,
        `hub-a:${api.epoch}:99:deregistered-1-again`,
      ]);
    });
  });

  it("takes the first life of the database that it finds for that of a ledger which does not say", async () => {
    await beginLog();
    await withReader(async ({ news, storage, outbox }) => {
      ledger(storage, null, [
        [api.id, 9, "api"],
        [99, 7, "gone"],
      ]);
      expect(await news()).toEqual(["deregistered gone"]);
      expect(outbox.heads([99], 1).get(99)?.[0]?.event.id).toBe(`hub-a:${api.epoch}:99:deregistered-1`);
      await record(flipOf(api, 9, "down", "up", NOW));
      expect(await news()).toEqual([]);
      await newEpoch(db, api.epoch, Date.now());
      const { epoch } = await registryState(db);
      await db.update(services).set({ flip_seq: 2 }); // as the backup had it
      const flip = { ...flipOf(api, 3, "up", "down", NOW), epoch };
      await recordOutcomes(db, [{ ...message(api.lane, NOW, [], { flips: [flip] }), epoch }]);
      expect(await news()).toEqual([`${api.id} api down`]);
    });
  });

  it("forgets after 30 days what that release has told", async () => {
    await beginLog();
    await withReader(async ({ news, storage, evicted }) => {
      ledger(storage, api.epoch, [[api.id, 9, "api"]]);
      expect(await news()).toEqual([]);
      storage.kv.put("ledger_since", Date.now() - 31 * 86_400_000);
      await record(flipOf(api, 2, "up", "down", NOW));
      expect(await evicted().news()).toEqual([`${api.id} api down`]);
      expect(storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'told'").toArray()).toEqual([]);
    });
  });
});
