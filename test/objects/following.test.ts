/** What follows from a stored change happens in the end, even when nobody told of it; and a database may begin anew. */
import { applyD1Migrations, evictDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { nextEpoch } from "../../src/core/service/epoch.ts";
import { boardOf, laneMonitorOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createProject, deleteProject, setProjectStatus } from "../../src/store/registry/projects.ts";
import { registryState } from "../../src/store/registry/registry-changes.ts";
import { createService, deleteService, getService, updateService } from "../../src/store/registry/services.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { catchUp } from "../../src/worker/registry.ts";
import { anObservation, aRound } from "../core/fixtures.ts";
import { serviceInput } from "../store/service-input.ts";
import { until } from "../until.ts";

const hub = hubOf(env as never, systemClock);

const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };
const db = openDatabase(env.DB);
const board = () => boardOf(env);

beforeEach(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  // A board that woke up before there were tables reads them some seconds later.
  await until(async () => {
    await board().read([]);
    expect(await board().toPlan()).not.toBeNull();
  });
});

async function api(method: string, path: string, body?: object): Promise<Response> {
  const init = { method, headers: HEADERS, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return await SELF.fetch(`http://hub${path}`, init);
}

let projects = 0;
async function aProject(): Promise<number> {
  projects += 1;
  const project = await createProject(db, { name: `p-${projects}`, metadata: {}, now: Date.now() });
  if (project === "duplicate") throw new Error("the project exists");
  return project.id;
}

/** Stores a heartbeat service and tells nobody. */
async function stored(project: number, name: string) {
  const input = serviceInput({ name, health_method: "heartbeat", health_url: "", health_interval: 600 });
  const row = await createService(db, project, input, Date.now());
  if (row === "duplicate") throw new Error("the service exists");
  return row;
}

const beat = (id: number, status = "pass") => api("POST", `/api/services/${id}/heartbeat`, { status });
const statusOf = async (id: number) => (await board().read([id]))[0]?.live.status;
const recorded = async (id: number) => (await getService(db, id))?.status;

async function watched(id: number): Promise<string[]> {
  const { webSocket } = await board().fetch(`http://board/ws?service=${id}`, { headers: { upgrade: "websocket" } });
  const types: string[] = [];
  webSocket?.addEventListener("message", ({ data }) => void types.push(JSON.parse(String(data)).type));
  webSocket?.accept();
  return types;
}

it("a service whose registration nobody heard of is on the board, told of and checked within a minute", async () => {
  await board().report(); // the board is there before, and so knows nothing of what comes
  const row = await createService(
    db,
    await aProject(),
    serviceInput({ name: "closed", health_method: "tcp", health_url: "127.0.0.1:1", health_interval: 3_600 }),
    Date.now(),
  );
  if (row === "duplicate") throw new Error("the service exists");
  const types = await watched(row.id);
  await catchUp(hub, 0);
  expect(await statusOf(row.id)).toBe("unknown");
  await until(async () => expect((await board().read([row.id]))[0]?.live.last_at).not.toBeNull());
  expect(types.slice(0, 2)).toEqual(["snapshot", "registered"]);
});

it("a change of this moment is left to who made it, until the next minute", async () => {
  await board().report();
  const { id } = await stored(await aProject(), "young");
  await catchUp(hub);
  expect(await statusOf(id)).toBeUndefined();
  await catchUp(hub, 0);
  expect(await statusOf(id)).toBe("unknown");
});

it("a service whose deletion nobody heard of leaves the board, its lane and no ghost", async () => {
  const { id } = await (await api("PUT", "/api/projects/ghosts/services/casper", heartbeat())).json<{ id: number }>();
  await beat(id);
  const check = await board().check(id);
  if (check === null) throw new Error("not on the board");
  await deleteService(db, id);
  await catchUp(hub, 0);
  expect(await statusOf(id)).toBeUndefined();
  const finding = { check, observation: anObservation({ at: Date.now() }) };
  const late = await laneMonitorOf(env, check.lane).observe(aRound({ lane: check.lane }), [finding], []);
  expect(late.results).toEqual([null]);
  await evictDurableObject(board());
  expect(await board().apply({ epoch: "", items: [[id, { ...live(), flip_seq: 9 }]], flips: [] })).toEqual([id]);
  await board().learn([check]);
  expect(await statusOf(id)).toBeUndefined();
});

it("a deletion that nobody heard of is followed after an eviction too", async () => {
  const { id } = await (await api("PUT", "/api/projects/ghosts/services/boo", heartbeat())).json<{ id: number }>();
  await beat(id);
  await catchUp(hub, 0);
  const check = await board().check(id);
  if (check === null) throw new Error("not on the board");
  await deleteService(db, id);
  await evictDurableObject(board());
  await catchUp(hub, 0);
  const finding = { check, observation: anObservation({ at: Date.now() }) };
  expect((await laneMonitorOf(env, check.lane).observe(aRound(), [finding], [])).results).toEqual([null]);
});

it("a project whose stop nobody heard of is unknown everywhere, and recorded so", async () => {
  const { id, project_id } = await (await api("PUT", "/api/projects/halted/services/beats", heartbeat())).json<{
    id: number;
    project_id: number;
  }>();
  await beat(id);
  await until(async () => expect(await recorded(id)).toBe("up"));
  await setProjectStatus(db, project_id, "stopped", Date.now());
  await catchUp(hub, 0);
  expect(await statusOf(id)).toBeUndefined();
  await until(async () => expect(await recorded(id)).toBe("unknown"));
});

it("a change of the check that nobody heard of reaches the board", async () => {
  const { id } = await stored(await aProject(), "beats");
  await catchUp(hub, 0);
  await updateService(db, id, { health_interval: 1_200 }, Date.now());
  expect((await board().check(id))?.health_interval).toBe(600);
  await catchUp(hub, 0);
  expect((await board().check(id))?.health_interval).toBe(1_200);
});

it("a restored database begins another epoch, in which its lower revisions count", async () => {
  const { id, rev } = await stored(await aProject(), "restored");
  await catchUp(hub, 0);
  const before = await registryState(db);
  const restore = await backup();
  await updateService(db, id, { health_options: { grace: 5 } }, Date.now());
  await catchUp(hub, 0);
  await beat(id, "fail");
  await until(async () => expect(await recorded(id)).toBe("down"));
  await catchUp(hub, 0);
  await restore();
  await catchUp(hub, 0);
  const { epoch } = await registryState(db);
  expect(epoch > before.epoch).toBe(true);
  expect(await board().check(id)).toMatchObject({ epoch, rev });
  expect(await statusOf(id)).toBe("unknown"); // as the backup has it
  expect((await beat(id)).status).toBe(202);
  await until(async () => expect(await recorded(id)).toBe("up"));
});

it("a database that was made anew gives no service the state of another one with its id", async () => {
  const { id } = await stored(await aProject(), "first");
  await catchUp(hub, 0);
  await beat(id, "fail");
  await until(async () => expect(await recorded(id)).toBe("down"));
  await catchUp(hub, 0);
  const types = await watched(id);
  // Not later than now: what of this file still runs in the next one would be believed there.
  const later = nextEpoch((await registryState(db)).epoch, Date.now(), "00000000");
  await env.DB.batch(
    [
      ...["DELETE FROM services", "DELETE FROM service_revisions", "DELETE FROM registry_marks", "DELETE FROM flips"],
      ...["DELETE FROM sqlite_sequence", `UPDATE registry SET revision = 0, floor = 0, epoch = '${later}'`],
      `UPDATE sqlite_sequence SET seq = ${id - 1} WHERE name = 'services'`,
      `INSERT INTO sqlite_sequence (name, seq) VALUES ('services', ${id - 1})`,
    ].map((sql) => env.DB.prepare(sql)),
  );
  const second = await stored(await aProject(), "second");
  expect(second.id).toBe(id);
  await catchUp(hub, 0);
  expect(await board().check(id)).toMatchObject({ name: "second" });
  expect(await statusOf(id)).toBe("unknown");
  expect(types.at(-1)).toBe("snapshot");
  await beat(id);
  expect((await board().read([id]))[0]?.live).toMatchObject({ status: "up", flip_seq: 1 });
  await until(async () => expect(await recorded(id)).toBe("up"));
});

it("a project of 10,000 services is deleted whole, a page at a time", async () => {
  const project = await aProject();
  const first = (await stored(project, "first")).id;
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
     INSERT INTO services (project_id, name, service_type, health_method, health_url, health_interval, health_timeout,
       health_retries, lane, lanes, status_since, created_at, updated_at)
     SELECT ?1, 's' || i, 'other', 'http', 'http://127.0.0.1:1', 3600, 5, 3, 360000000 + i / 24,
       json_array(360000000 + i / 24), 0, 0, 0 FROM n`,
  )
    .bind(project)
    .run();
  await evictDurableObject(board()); // as if it had known them for long
  expect(await statusOf(first)).toBe("unknown");
  expect((await api("DELETE", `/api/projects/${project}`)).status).toBe(204);
  expect(await statusOf(first)).toBeUndefined();
  expect((await board().entries()).filter(({ check }) => check.project_id === project)).toEqual([]);
});

it("a project that is deleted behind the hub's back is gone after the next minute", async () => {
  const project = await aProject();
  const { id } = await stored(project, "gone");
  await catchUp(hub, 0);
  await deleteProject(db, project);
  await catchUp(hub, 0);
  expect(await board().check(id)).toBeNull();
});

function heartbeat() {
  return { health_method: "heartbeat", health_interval: 600 };
}

function live() {
  return {
    status: "up" as const,
    since: 0,
    last_at: Date.now(),
    latency_ms: 1,
    error: null,
    details: {},
    consecutive_failures: 0,
    flapping: false,
    unseen_from: [],
  };
}

/** Triggers count what is put back as changes, so the tables that they write come last. */
const TABLES = ["projects", "services", "flips", "service_revisions", "registry_marks", "registry", "events"];

/** Returns what puts the database back to this moment, as a backup does. */
async function backup(): Promise<() => Promise<void>> {
  const rows = new Map<string, Record<string, unknown>[]>();
  for (const table of TABLES) rows.set(table, (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results);
  return async () => {
    for (const table of TABLES.slice(0, 3)) await env.DB.prepare(`DELETE FROM ${table}`).run();
    for (const table of TABLES) {
      if (table !== "registry") await env.DB.prepare(`DELETE FROM ${table}`).run();
      for (const row of rows.get(table) ?? []) {
        const [names, values] = [Object.keys(row), Object.values(row)];
        const sql = `INSERT OR REPLACE INTO ${table} (${names}) VALUES (${names.map(() => "?")})`;
        await env.DB.prepare(sql)
          .bind(...values)
          .run();
      }
    }
  };
}
