/** Cloudflare evicts an idle object after some seconds. Between any two calls, that must change nothing that is seen. */
import { applyD1Migrations, evictDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { boardOf, laneMonitorOf } from "../../src/platform/object-stubs.ts";
import { until } from "../until.ts";

const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

async function api<T>(method: string, path: string, body?: object): Promise<T> {
  const init = { method, headers: HEADERS, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return (await SELF.fetch(`http://hub${path}`, init)).json<T>();
}

/** What people and programs see of the service and of the hub. */
async function seen(id: number) {
  const service = await api<Record<string, unknown>>("GET", `/api/services/${id}`);
  const { status, checks } = await api<{ status: string; checks: Record<string, { status: string }[]> }>(
    "GET",
    "/health",
  );
  // The history has the start of a round, which is some milliseconds before the check.
  const { last_health_check, ...rest } = service;
  expect(last_health_check).not.toBeNull();
  return { ...rest, health: status, parts: Object.entries(checks).map(([name, [check]]) => [name, check?.status]) };
}

/** Of the service, which has its lane for itself. */
async function recordedChecks(id: number): Promise<number> {
  const lane = (await boardOf(env).check(id))?.lane ?? 0;
  const sql = "SELECT sum(json_array_length(results)) AS checks FROM rounds WHERE lane = ?";
  return (await env.DB.prepare(sql).bind(lane).first<number>("checks")) ?? 0;
}

/** Evicts the board and the lane of the service, and expects to see the same afterwards. `checks`: made so far. */
async function expectUnchangedByEviction(id: number, checks: number): Promise<void> {
  const before = await until(async () => {
    expect(await recordedChecks(id)).toBeGreaterThanOrEqual(checks);
    return await seen(id);
  });
  const lane = (await boardOf(env).check(id))?.lane ?? 0;
  await evictDurableObject(boardOf(env));
  await evictDurableObject(laneMonitorOf(env, lane));
  expect(await seen(id)).toEqual(before);
}

it("a service that fails, falls, flaps and recovers is seen the same, whatever is evicted between the checks", async () => {
  const { id } = await api<{ id: number }>("PUT", "/api/projects/p/services/beats", {
    health_method: "heartbeat",
    health_interval: 3_600,
  });
  const beat = (status: string) => api("POST", `/api/services/${id}/heartbeat`, { status, details: { load: 0.5 } });
  await boardOf(env).planned(Date.now());
  for (const [index, status] of ["warn", "fail", "pass", "fail", "pass", "fail", "fail"].entries()) {
    await beat(status);
    await expectUnchangedByEviction(id, index + 1);
  }
  expect(await seen(id)).toMatchObject({ health_status: "down", consecutive_failures: 2, flapping: true });
});

it("a probed service keeps its streak while it is not yet down", async () => {
  const { id } = await api<{ id: number }>("PUT", "/api/projects/p/services/closed", {
    health_method: "tcp",
    health_url: "127.0.0.1:1",
    health_interval: 3_600,
    health_retries: 10,
  });
  await until(async () => expect(await seen(id)).toMatchObject({ consecutive_failures: 1 }));
  await expectUnchangedByEviction(id, 1);
  const checks = await recordedChecks(id);
  await api("POST", `/api/services/${id}/check`);
  await expectUnchangedByEviction(id, checks + 1);
});

it("a quiet hub that was evicted is healthy", async () => {
  await boardOf(env).planned(Date.now());
  await evictDurableObject(boardOf(env));
  expect((await SELF.fetch("http://hub/health")).status).toBe(200);
});

it("a long streak is kept about as long as it was, with few writes", async () => {
  const board = env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId());
  const { id } = await api<{ id: number }>("PUT", "/api/projects/p/services/long", {
    health_method: "heartbeat",
    health_interval: 3_600,
  });
  const live = (await board.read([id]))[0]?.live;
  if (live === undefined) throw new Error("not on the board");
  for (let failures = 1; failures <= 300; failures++) {
    await board.apply({
      epoch: "",
      items: [[id, { ...live, last_at: failures, consecutive_failures: failures }]],
      flips: [],
    });
  }
  await evictDurableObject(board);
  expect((await board.read([id]))[0]?.live.consecutive_failures).toBeGreaterThan(240);
});
