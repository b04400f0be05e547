import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { beforeEach, describe, expect, test } from "vitest";
import { LOG_START, type LoggedEvent } from "../../src/core/hub/events.ts";
import type { ProjectRow, ServiceRow } from "../../src/core/service/service-row.ts";
import type { Db } from "../../src/store/database.ts";
import { eventLog, eventsAfter, oldEvents } from "../../src/store/events.ts";
import { forgetPushes, takeFlips } from "../../src/store/federation/remote-services.ts";
import { recordOutcomes } from "../../src/store/history/outcomes.ts";
import { applyManifest, projectServices } from "../../src/store/registry/manifest.ts";
import { endPauses, pauseService } from "../../src/store/registry/pauses.ts";
import { deleteProject, setProjectStatus, updateProject } from "../../src/store/registry/projects.ts";
import { deleteService, updateService } from "../../src/store/registry/services.ts";
import { flips, services } from "../../src/store/tables/hub-tables.ts";
import { noteTroubles } from "../../src/store/troubles.ts";
import { addProject, addService, flipOf, HOUR, message, migratedDatabase, NOW } from "./fixtures.ts";

let db: Db;
let project: ProjectRow;
let api: ServiceRow;
beforeEach(async () => {
  await reset();
  db = await migratedDatabase();
  project = await addProject(db, "shop");
  api = await addService(db, project, { name: "api" });
});

const PLAN = { create: [], update: [], delete: [] };

function told({ kind, body }: LoggedEvent): string {
  if (kind === "hub") return `${body.hub_id}: ${body.from} → ${body.to}, ${body.reason}`;
  if (kind === "remote_flip") return `${body.hub_id}: ${body.project}/${body.name}: ${body.from} → ${body.to}`;
  if (kind === "flip") return `${body.name}: ${body.from} → ${body.to}, ${body.reason}`;
  if (kind === "trouble") return `${body.name}: ${body.from} → ${body.to}, ${body.output}`;
  if (kind === "project") return `${body.name} ${body.status}`;
  return `${kind} ${body.project}/${body.name}`;
}

/** What the log tells after a position; by default after the registration of the service. */
async function log(after = { id: 1, key: `registered:${api.epoch}:${api.id}:1` }): Promise<string[]> {
  return (await eventsAfter(db, after, 1_000)).events.map(told);
}

async function record(...flips: ReturnType<typeof flipOf>[]): Promise<void> {
  await recordOutcomes(db, [{ ...message(api.lane, NOW, [], { flips }), epoch: api.epoch }]);
}

const up = () => flipOf(api, 1, "unknown", "up", NOW);

describe("the log", () => {
  test("tells of a service that is registered, changes its name and is deleted", async () => {
    expect(await eventsAfter(db, LOG_START, 10)).toMatchObject({
      events: [
        {
          kind: "registered",
          key: `registered:${api.epoch}:${api.id}:1`,
          body: { service_id: api.id, project: "shop", name: "api", rev: 1, health_method: "http", version: null },
        },
      ],
      unread: 0,
      more: false,
      next: { id: 1 },
    });
    await updateService(db, api.id, { name: "web" }, NOW);
    await deleteService(db, api.id);
    expect(await log()).toEqual(["deregistered shop/api", "registered shop/web", "deregistered shop/web"]);
  });

  test("tells of a service that is disabled, paused or enabled, and of its status before", async () => {
    await record(up());
    await updateService(db, api.id, { enabled: false }, NOW);
    await updateService(db, api.id, { enabled: false, tags: ["a"] }, NOW);
    await record(flipOf(api, 2, "up", "unknown", NOW));
    await updateService(db, api.id, { enabled: true }, NOW);
    await record(flipOf(api, 3, "unknown", "up", NOW));
    await pauseService(db, api.id, NOW + HOUR, NOW);
    await endPauses(db, NOW + HOUR, 10);
    expect(await log()).toEqual([
      "api: unknown → up, now up",
      ...["api: up → unknown, disabled", "deregistered shop/api", "registered shop/api", "api: unknown → up, now up"],
      ...["api: up → unknown, paused until 2026-11-05T11:00Z", "deregistered shop/api", "registered shop/api"],
    ]);
  });

  test("tells of a container that ends, why, and that it runs again", async () => {
    await record(up());
    const before = await projectServices(db, project.id);
    const ended = await applyManifest(
      db,
      { id: project.id, before },
      { ...PLAN, gone: [{ id: api.id, reason: "exit code 137" }] },
      NOW,
    );
    if (ended === "changed") throw new Error("nobody else changes it");
    await applyManifest(db, { id: project.id, before: ended.after }, { ...PLAN, back: [api.id] }, NOW);
    expect(await log()).toEqual([
      ...["api: unknown → up, now up", "api: up → unknown, exit code 137"],
      ...["deregistered shop/api", "registered shop/api"],
    ]);
  });

  test("tells of a project that stops, starts, gets another name and is deleted, and of its services", async () => {
    await addService(db, project, { name: "off", enabled: false });
    await addService(db, project, { name: "web" });
    await record(up());
    const { end } = await eventLog(db).start();
    await setProjectStatus(db, project.id, "stopped", NOW);
    await setProjectStatus(db, project.id, "stopped", NOW);
    await setProjectStatus(db, project.id, "running", NOW);
    await updateProject(db, project.id, { name: "store" }, NOW);
    await updateProject(db, project.id, { metadata: {} }, NOW);
    await deleteProject(db, project.id);
    const both = (kind: string, name: string) => ["api", "web"].map((each) => `${kind} ${name}/${each}`);
    expect(await log(end)).toEqual([
      ...["api: up → unknown, deregistered", ...both("deregistered", "shop"), "shop stopped"],
      ...[...both("registered", "shop"), "shop running"],
      ...[...both("deregistered", "shop"), ...both("registered", "store")],
      ...both("deregistered", "store"), // that the status is unknown has been told, and the lane has said nothing since
    ]);
  });

  test("tells each flip once, in order, and of one that ends the watch only what the registry says", async () => {
    const down = flipOf(api, 2, "up", "down", NOW + 1);
    await record(down, up());
    await record(up(), down);
    await updateService(db, api.id, { enabled: false }, NOW);
    await record(flipOf(api, 3, "down", "unknown", NOW + 2));
    expect(await log()).toEqual([
      ...["api: unknown → up, now up", "api: up → down, now down"],
      ...["api: down → unknown, disabled", "deregistered shop/api"],
    ]);
  });

  test.each([
    ["disabled", async () => void (await updateService(db, api.id, { enabled: false }, NOW)), "disabled"],
    ["paused", () => pauseService(db, api.id, NOW + HOUR, NOW), "paused until 2026-11-05T11:00Z"],
    ["stopped with its project", () => setProjectStatus(db, project.id, "stopped", NOW), "deregistered"],
  ])(
    "of a service that is %s, history and status say the same, though its lane never hears of it",
    async (_, end, reason) => {
      const other = await addService(db, project, { name: "silent" });
      await record(up());
      await end();
      const rows = await db.select().from(services).orderBy(services.id);
      expect(rows).toMatchObject([
        { id: api.id, status: "unknown", flip_seq: 2 },
        { id: other.id, status: "unknown", flip_seq: 0 },
      ]);
      const told = (await eventsAfter(db, LOG_START, 1_000)).events.find(
        ({ kind, body }) => kind === "flip" && body.seq === 2,
      );
      const kept = await db.select().from(flips).orderBy(flips.service_id, flips.seq);
      expect(kept).toMatchObject([
        { seq: 1, to_status: "up" },
        { service_id: api.id, seq: 2, from_status: "up", to_status: "unknown", reason, at: told?.at, evidence: [] },
      ]);
      expect(rows[0]?.status_since).toBe(told?.at);
      await record(flipOf(api, 2, "up", "unknown", NOW + 7)); // the lane, when it does
      expect(await db.select().from(flips)).toHaveLength(2);
    },
  );

  test("of a lane that never heard of an end tells what follows it, and nothing that comes late from before it", async () => {
    await record(up());
    await updateService(db, api.id, { enabled: false }, NOW);
    await updateService(db, api.id, { enabled: true }, NOW);
    const before = await log();
    await record(flipOf(api, 2, "up", "down", NOW + 1));
    expect(await log()).toEqual(before);
    await record(flipOf(api, 3, "unknown", "down", NOW + 2));
    await record(flipOf(api, 1, "unknown", "degraded", NOW));
    expect(await log()).toEqual([...before, "api: unknown → down, now down"]);
  });

  test("tells that another hub's flip is not confirmed, also when its status was told before", async () => {
    await env.DB.prepare(
      `INSERT INTO remote_services (hub_id, service_id, copy, project, name, service_type, tags, capabilities, metadata,
         depends_on, pulled_status, pulled_since, pulled_seq)
       VALUES ('hub-b', 7, 1, 'shop', 'web', 'api', '[]', '[]', '{}', '[]', 'unknown', 1, 4)`,
    ).run();
    await env.DB.prepare("UPDATE remote_services SET pulled_status = 'up', pulled_since = 2, pulled_seq = 5").run();
    for (let push = 0; push < 2; push++) {
      await takeFlips(db, "hub-b", [{ ...flipOf(api, 6, "up", "down", NOW), service_id: 7 }], NOW);
      await forgetPushes(db, "hub-b", NOW + 1);
    }
    const changes = ["unknown → up", "up → down", "down → up", "up → down", "down → up"];
    expect(await log()).toEqual(changes.map((change) => `hub-b: shop/web: ${change}`));
  });

  test("tells of trouble of the hub itself, of each change once", async () => {
    const late = { name: "queues:plannedAge", status: "warn", output: "late" } as const;
    const away = { name: "nats:connection", status: "fail", output: "no relay" } as const;
    await noteTroubles(db, [], NOW);
    await noteTroubles(db, [late, away], NOW);
    await noteTroubles(db, [{ ...late, output: "later" }, away], NOW + 60_000);
    await noteTroubles(db, [{ ...late, status: "fail", output: "very late" }], NOW + 120_000);
    await noteTroubles(db, [], NOW + 180_000);
    await noteTroubles(db, [late], NOW + 240_000);
    expect(await log()).toEqual([
      ...["queues:plannedAge: pass → warn, late", "nats:connection: pass → fail, no relay"],
      ...["queues:plannedAge: warn → fail, very late", "nats:connection: fail → pass, null"],
      ...["queues:plannedAge: fail → pass, null", "queues:plannedAge: pass → warn, late"],
    ]);
  });

  test("tells nothing of changes that nobody outside needs to hear of", async () => {
    await addService(db, project, { name: "off", enabled: false });
    await updateService(db, api.id, { tags: ["a"], health_interval: 60 }, NOW);
    await record(flipOf({ ...api, id: 999 }, 1, "unknown", "up", NOW));
    expect(await log()).toEqual([]);
  });

  test("never keeps a damaged service from being changed or deleted", async () => {
    await env.DB.prepare("UPDATE services SET health_url = x'00ff', version = x'ff', health_interval = 'soon'").run();
    await updateService(db, api.id, { enabled: false }, NOW);
    await updateService(db, api.id, { enabled: true }, NOW);
    await env.DB.prepare("DELETE FROM services").run();
    expect(await log()).toEqual(["deregistered shop/api", "registered shop/api", "deregistered shop/api"]);
  });
});

describe("a reader of the log", () => {
  test("gets it page by page", async () => {
    for (const name of ["b", "c", "d"]) await addService(db, project, { name });
    const first = await eventsAfter(db, LOG_START, 3);
    expect(first).toMatchObject({ more: true, next: { id: 3 } });
    const second = await eventsAfter(db, first.next, 3);
    expect([first, second].flatMap(({ events }) => events.map(({ id }) => id))).toEqual([1, 2, 3, 4]);
    expect(await eventsAfter(db, second.next, 3)).toMatchObject({
      events: [],
      unread: 0,
      next: second.next,
      more: false,
    });
  });

  test("is not held up by an event that can't be read", async () => {
    await env.DB.prepare("INSERT INTO events (at, kind, key, body) VALUES (1, 'flip', 'x', 'no JSON')").run();
    await addService(db, project, { name: "web" });
    expect(await eventsAfter(db, LOG_START, 10)).toMatchObject({ events: [{ id: 1 }, { id: 3 }], unread: 1 });
  });

  test("goes on behind what it has heard when the database was restored, or has forgotten it", async () => {
    await env.DB.prepare("UPDATE events SET at = ?").bind(NOW).run();
    await addService(db, project, { name: "after" });
    const elsewhere = { id: 2, key: "another event" };
    expect((await eventsAfter(db, elsewhere, 10, NOW)).events.map(told)).toEqual(["registered shop/after"]);
    expect(await eventsAfter(db, elsewhere, 10, NOW)).toMatchObject({ isOther: true });
    await env.DB.prepare("DELETE FROM events WHERE id = 1").run();
    expect(await eventsAfter(db, { id: 1, key: "x" }, 10, NOW)).toMatchObject({ isOther: true });
    expect(await eventsAfter(db, { id: 2, key: "x" }, 10, NOW)).toMatchObject({ isOther: true });
    expect((await eventsAfter(db, { id: 70, key: "x" }, 10, NOW - 1)).events).toHaveLength(1);
  });

  test("finds what is younger than 30 days, and always the newest event", async () => {
    await addService(db, project, { name: "b" });
    await addService(db, project, { name: "c" });
    const ids = async () => (await eventsAfter(db, LOG_START, 10)).events.map(({ id }) => id);
    await env.DB.prepare("UPDATE events SET at = ?").bind(NOW).run();
    await db.run(oldEvents(NOW + 30 * 24 * HOUR, 10, 3));
    expect(await ids()).toEqual([1, 2, 3]);
    await db.run(oldEvents(NOW + 30 * 24 * HOUR + 1, 1, 3));
    expect(await ids()).toEqual([2, 3]);
    await db.run(oldEvents(NOW + 30 * 24 * HOUR + 1, 10, 1)); // who read that far has not heard of the next
    expect(await ids()).toEqual([2, 3]);
    await db.run(oldEvents(NOW + 30 * 24 * HOUR + 1, 10, 3));
    expect(await ids()).toEqual([3]);
  });

  describe("forgets what is old without a search of the whole log", () => {
    /** `ages`: of the events in their order, in hours, each so many times. */
    const fill = async (...ages: [hours: number, times: number][]) => {
      await env.DB.prepare("DELETE FROM events").run();
      for (const [hours, times] of ages) {
        await env.DB.prepare(
          `INSERT INTO events (at, kind, key, body)
           WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${times})
           SELECT ${NOW - hours * HOUR}, 'x', '${hours}-' || i, '{}' FROM n`,
        ).run();
      }
    };
    const sweep = async (limit: number) => (await db.run(oldEvents(NOW, limit, 1e6))).meta;

    test("by the plan of the database", async () => {
      const steps = await db.all<{ detail: string }>(sql`EXPLAIN QUERY PLAN ${oldEvents(NOW, 10, 3)}`);
      const details = steps.map(({ detail }) => detail);
      expect(details.filter((detail) => /^(SEARCH|SCAN) events/.test(detail))).toEqual([
        "SEARCH events USING INTEGER PRIMARY KEY (rowid=?)",
        "SEARCH events USING INTEGER PRIMARY KEY (rowid<?)",
        "SCAN events", // of the co-routine, which ends at its first answer and at the limit
        "SEARCH events", // for the newest one
      ]);
      expect(details).toContainEqual(expect.stringMatching(/^CO-ROUTINE/));
      expect(details.join()).not.toContain("TEMP B-TREE");
    });

    test("when nothing is old", async () => {
      await fill([1, 5_000]);
      const { changes, rows_read } = await sweep(1_000);
      expect([changes, rows_read < 10]).toEqual([0, true]);
    });

    test("when something is, a part at a time", async () => {
      await fill([721, 2_500], [1, 20_000]);
      const swept = [await sweep(1_000), await sweep(1_000), await sweep(1_000), await sweep(1_000)];
      expect(swept.map(({ changes }) => changes)).toEqual([1_000, 1_000, 500, 0]);
      expect(Math.max(...swept.map(({ rows_read }) => rows_read))).toBeLessThan(6_000); // of 22,500
    });

    test("behind events of a clock that was ahead", async () => {
      await fill([-9_000, 20], [721, 30], [1, 5]);
      expect((await sweep(10)).changes).toBe(10);
      expect((await sweep(100)).changes).toBe(20);
    });
  });
});
