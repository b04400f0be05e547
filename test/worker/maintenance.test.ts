/** What the cron does beside planning, and the limit on requests, with the bindings that the hub is deployed with. */
import { applyD1Migrations, createExecutionContext, SELF, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import { boardOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { setMeta } from "../../src/store/meta.ts";
import { dailyRollups, rollups } from "../../src/store/tables/hub-tables.ts";
import { hubOf } from "../../src/worker/hub.ts";
import worker from "../../src/worker/index.ts";
import { maintain } from "../../src/worker/maintenance.ts";

const NOW = Date.parse("2026-11-05T10:17:00.000Z");
const HOUR_MS = 3_600_000;
const hub = hubOf(env as never, systemClock);

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const addRound = (due_at: number) =>
  env.DB.prepare(
    "INSERT INTO rounds (lane, due_at, attempt, vantage, started_at, results) VALUES (1, ?1, 0, 'home', ?1, '[]')",
  )
    .bind(due_at)
    .run();
const dueTimes = async () => {
  const { results } = await env.DB.prepare("SELECT due_at FROM rounds ORDER BY due_at").all<{ due_at: number }>();
  return results.map((row) => row.due_at);
};

it("old rounds go in the minute that is theirs and in no other", async () => {
  const [old, young] = [NOW - (hub.settings.RAW_RETENTION_HOURS + 2) * HOUR_MS, NOW - HOUR_MS];
  await addRound(old);
  await addRound(young);
  await maintain(NOW - 24 * HOUR_MS, hub); // the clock goes evenly from here on
  await maintain(NOW - 60_000, hub);
  expect(await dueTimes()).toEqual([old, young]);
  await maintain(NOW, hub);
  expect(await dueTimes()).toEqual([young]);
});

it("old hours become days in any other minute, once the clock has gone evenly for a day", async () => {
  const db = openDatabase(env.DB);
  const hour = Math.floor(NOW / HOUR_MS) * HOUR_MS - 61 * 24 * HOUR_MS;
  await db.insert(rollups).values({ service_id: 7, hour, checks: 3, failures: 1, max: null, histogram: "[]" });
  const left = async () => [(await db.select().from(rollups)).length, (await db.select().from(dailyRollups)).length];
  await setMeta(db, "clock_run", { since: NOW - HOUR_MS, seen: NOW });
  await maintain(NOW + 60_000, hub);
  expect(await left()).toEqual([1, 0]);
  await setMeta(db, "clock_run", { since: NOW - 24 * HOUR_MS, seen: NOW });
  await maintain(NOW + 60_000, hub);
  expect(await left()).toEqual([0, 1]);
});

it("a cron of a time far in the future does nothing, so that it deletes no history", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const context = createExecutionContext();
  const before = (await dueTimes()).length;
  await addRound(Date.now() - HOUR_MS);
  const far = new Date("2100-01-01T00:17:00Z");
  await worker.scheduled({ scheduledTime: far.getTime(), cron: "* * * * *", noRetry() {} }, env as never, context);
  await waitOnExecutionContext(context);
  expect((await dueTimes()).length).toBe(before + 1);
  expect(error.mock.calls.flat().join()).toContain('"event":"tick.refused"');
  error.mockRestore();
});

it("services of containers that are gone for a month go, and no others", async () => {
  const project = await env.DB.prepare(
    "INSERT INTO projects (name, status, metadata, created_at, updated_at) VALUES ('shop', 'running', '{}', 0, 0) RETURNING id",
  ).first<{ id: number }>();
  const add = (name: string, agent: string | null, container: string | null, gone: boolean, days: number) => {
    const updated = NOW - days * 24 * HOUR_MS;
    return env.DB.prepare(
      `INSERT INTO services (project_id, name, service_type, health_method, health_url, health_interval, health_timeout,
         health_retries, agent, container_id, enabled, gone_since, lane, created_at, updated_at, status_since)
       VALUES (?1, ?2, 'other', 'container', '', 15, 5, 0, ?3, ?4, 0, ?5, 1550000, 0, ?6, 0)`,
    )
      .bind(project?.id, name, agent, container, gone ? updated : null, updated)
      .run();
  };
  await add("gone", "dc-1", "abc", true, 31);
  await add("gone-lately", "dc-1", "abc", true, 29);
  await add("disabled", "dc-1", "abc", false, 31);
  await add("of-no-container", "dc-1", null, false, 31);
  await add("of-a-person", null, "abc", true, 31);
  await maintain(NOW - 60_000, hub);
  await maintain(NOW, hub);
  const { results } = await env.DB.prepare("SELECT name FROM services ORDER BY id").all<{ name: string }>();
  expect(results.map(({ name }) => name)).toEqual(["gone-lately", "disabled", "of-no-container", "of-a-person"]);
});

it("a database that is away is logged, and stops nothing else of the tick", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 }); // a trouble that lasts is not told again
  await env.DB.exec("ALTER TABLE meta RENAME TO meta_away");
  await maintain(NOW, hub);
  await env.DB.exec("ALTER TABLE meta_away RENAME TO meta");
  expect(logged.mock.calls.flat().join()).toContain('"event":"maintenance.failed"');
  logged.mockRestore();
  vi.useRealTimers();
});

it("one address that asks too often is told when to come back, another is not", async () => {
  const ask = async (address: string) => {
    const response = await SELF.fetch("http://hub/api/projects", { headers: { "CF-Connecting-IP": address } });
    return { status: response.status, retry: response.headers.get("retry-after"), body: await response.text() };
  };
  const flood = async () => {
    const answers = await Promise.all(Array.from({ length: 1_100 }, () => ask("192.0.2.1")));
    return answers.filter(({ status }) => status === 429);
  };
  let refused = await flood();
  if (refused.length === 0) refused = await flood(); // the first one fell into two windows of the limit
  expect(refused[0]).toMatchObject({ retry: "10", body: expect.stringContaining('"title":"Too Many Requests"') });
  expect((await ask("192.0.2.2")).status).toBe(401);
});

function api(method: string, path: string, body?: object): Promise<Response> {
  return SELF.fetch(`http://hub${path}`, {
    method,
    headers: { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

it("a pause that is over ends within a minute, and the service is watched again", async () => {
  await setMeta(openDatabase(env.DB), "clock_run", { since: Date.now(), seen: Date.now() });
  const beats = { health_method: "heartbeat", health_interval: 3_600 };
  const { id } = await (await api("PUT", "/api/projects/rests/services/beats", beats)).json<{ id: number }>();
  expect((await api("POST", `/api/services/${id}/pause`, { minutes: 0 })).status).toBe(400);
  expect(await (await api("POST", `/api/services/${id}/pause`, { minutes: 60 })).json()).toMatchObject({
    enabled: false,
    paused_until: expect.any(String),
  });
  expect(await boardOf(env).check(id)).toBeNull();
  await maintain(Date.now() + 59 * 60_000, hub);
  expect(await boardOf(env).check(id)).toBeNull();
  await maintain(Date.now() + 61 * 60_000, hub);
  expect(await boardOf(env).check(id)).toMatchObject({ service_id: id });
  expect(await (await api("GET", `/api/services/${id}`)).json()).toMatchObject({ enabled: true, paused_until: null });
});

it("a clock that jumps ahead ends no pause before it has gone evenly for ten minutes", async () => {
  const ahead = Date.now() + 5 * 3_600_000;
  await setMeta(openDatabase(env.DB), "clock_run", { since: Date.now(), seen: Date.now() });
  const beats = { health_method: "heartbeat", health_interval: 3_600 };
  const { id } = await (await api("PUT", "/api/projects/rests/services/later", beats)).json<{ id: number }>();
  await api("POST", `/api/services/${id}/pause`, { minutes: 60 });
  const isEnabled = async () => (await (await api("GET", `/api/services/${id}`)).json<{ enabled: boolean }>()).enabled;
  await maintain(ahead, hub);
  await maintain(ahead + 9 * 60_000, hub);
  expect(await isEnabled()).toBe(false);
  await maintain(ahead + 10 * 60_000, hub);
  expect(await isEnabled()).toBe(true);
});
