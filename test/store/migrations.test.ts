/** What a database of an older release becomes. */
import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { openDatabase } from "../../src/store/database.ts";
import { recentChecks } from "../../src/store/history/history.ts";
import { loadBoard } from "../../src/store/registry/checks.ts";
import { getService } from "../../src/store/registry/services.ts";

beforeEach(() => reset());

test("0002 gives every service a lane, keeps its recorded status and its history", async () => {
  const [first, ...rest] = env.TEST_MIGRATIONS;
  if (first === undefined) throw new Error("no migrations");
  await applyD1Migrations(env.DB, [first]);
  const insert = (id: number, method: string, interval: number, lane: string, lanes: string) =>
    env.DB.prepare(
      `INSERT INTO services (id, project_id, name, service_type, health_method, health_url, health_interval,
         health_timeout, health_retries, lane, lanes, status, status_since, flip_seq, created_at, updated_at)
       VALUES (${id}, 1, 's${id}', 'other', '${method}', '', ${interval}, 5, 3, ${lane}, '${lanes}', 'down', 7, 2, 1, 1)`,
    );
  await env.DB.batch([
    env.DB.prepare("INSERT INTO projects (id, name, created_at, updated_at) VALUES (1, 'old', 1, 1)"),
    insert(1, "http", 30, "3000000", "[3000000,2000000]"),
    ...Array.from({ length: 25 }, (_, n) => insert(n + 2, "heartbeat", 60, "NULL", "[]")),
    env.DB.prepare(`INSERT INTO rounds VALUES (-2, 1000, 0, 'home', 1000, '[[2,1,1,0,null,null]]')`),
  ]);
  await applyD1Migrations(env.DB, rest);
  const db = openDatabase(env.DB);
  expect(await getService(db, 1)).toMatchObject({ lane: 3_000_000, lanes: [3_000_000, 2_000_000, -1] });
  const beat = await getService(db, 2);
  expect(beat).toMatchObject({ lane: 6_050_000, lanes: [6_050_000, -2], status: "down", flip_seq: 2 });
  expect((await getService(db, 26))?.lane).toBe(6_050_001);
  expect(await recentChecks(db, { id: 2, lanes: beat?.lanes ?? [] }, 5, 2_000)).toMatchObject([{ ok: true }]);
  const seeds = new Map((await loadBoard(db, 2_000)).seeds.map((seed) => [seed.check.service_id, seed]));
  expect(seeds.get(1)?.check).toMatchObject({ former_lanes: [2_000_000], recorded_status: "down", recorded_seq: 2 });
  expect(seeds.get(2)).toMatchObject({ check: { former_lanes: [] }, last: { at: 1_000, verdict: "ok" } });
});

test("0014 takes a project for stopped by the hub only when its containers had all ended by then", async () => {
  const older = env.TEST_MIGRATIONS.filter(({ name }) => name < "0014");
  await applyD1Migrations(env.DB, older);
  const project = (id: number, status = "stopped") =>
    env.DB.prepare(
      `INSERT INTO projects (id, name, status, created_at, updated_at) VALUES (${id}, 'p${id}', '${status}', 1, 100)`,
    );
  const service = (projectId: number, name: string, more: { container?: boolean; gone?: number; created?: number }) =>
    env.DB.prepare(
      `INSERT INTO services (project_id, name, service_type, health_method, health_url, health_interval, health_timeout,
         health_retries, lane, status_since, created_at, updated_at, agent, container_id, gone_since)
       VALUES (${projectId}, '${name}', 'other', 'container', '', 15, 5, 0, 1550000, 1, ${more.created ?? 1}, 1,
         ${more.container === true ? "'dc-1', 'id-1'" : "NULL, NULL"}, ${more.gone ?? "NULL"})`,
    );
  await env.DB.batch([
    ...[project(1), service(1, "db", { container: true, gone: 100 }), service(1, "web", { container: true, gone: 50 })],
    ...[project(2), service(2, "db", { container: true, gone: 100 }), service(2, "site", { created: 101 })],
    ...[project(3), service(3, "db", { container: true, gone: 101 })],
    ...[project(4), service(4, "db", { container: true, gone: 50 }), service(4, "site", {})],
    ...[
      project(5),
      service(5, "db", { container: true, created: 101 }),
      service(5, "web", { container: true, gone: 90 }),
    ],
    ...[project(6), project(7, "running"), service(7, "db", { container: true, gone: 50 })],
  ]);
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  const { results } = await env.DB.prepare("SELECT stopped_by FROM projects ORDER BY id").all<{ stopped_by: string }>();
  const stoppedBy = results.map(({ stopped_by }) => stopped_by);
  expect(stoppedBy).toEqual(["hub", "hub", "person", "person", "person", "person", null]);
});
