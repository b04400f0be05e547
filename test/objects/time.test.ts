/** What time alone does to a service: silence, long outages and flapping, in the whole hub with the clock set forward. */
import { applyD1Migrations, runDurableObjectAlarm, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, inject, it, vi } from "vitest";
import type { LiveBoard } from "../../src/objects/board/live-board.ts";
import worker from "../../src/worker/index.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { until } from "../until.ts";

const { faulty, nothing } = inject("servers");
const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };
const MINUTE_MS = 60_000;

interface Answer {
  [key: string]: unknown;
  id: number;
}

async function api(method: string, path: string, body?: object): Promise<Answer> {
  const init = { method, headers: HEADERS, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await SELF.fetch(`http://hub${path}`, init);
  return response.status === 204 ? { id: 0 } : response.json();
}

const register = (name: string, health_url: string, over: object = {}) =>
  api("PUT", `/api/projects/time/services/${name}`, {
    health_method: "http",
    health_url,
    health_interval: 3_600,
    health_retries: 0,
    health_options: NEVER_SLOW,
    ...over,
  });
const read = (id: number) => api("GET", `/api/services/${id}`);
const check = (id: number) => api("POST", `/api/services/${id}/check`);
const up = `http://127.0.0.1:${faulty.http}/answer`;
const down = `http://127.0.0.1:${nothing}/`;

function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

/** Runs the planner as the cron does, but for its messages, whose time would not come; answers what it logged. */
async function tick(): Promise<{ checks: number; rounds: number }> {
  const info = vi.spyOn(console, "info").mockImplementation(() => {});
  const ctx = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext; // only waitUntil is used
  const event = { scheduledTime: Date.now(), cron: "* * * * *", noRetry: () => {} } as ScheduledController;
  const planned = { ...env, PROBES: { sendBatch: async () => {} } };
  await worker.scheduled(event, planned as never, ctx);
  const line = info.mock.calls.map(([text]) => String(text)).find((text) => text.includes("plan.done")) ?? "{}";
  info.mockRestore();
  return JSON.parse(line);
}

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
afterEach(() => vi.useRealTimers());

it("a service of which nothing is heard for three intervals and 75 s is stale, and then unknown by the board's alarm", async () => {
  const { id } = await register("silent", up, { health_interval: 3_600 });
  await until(async () => expect(await read(id)).toMatchObject({ health_status: "up", stale: false }));
  const { last_health_check } = await read(id);
  pass(Date.parse(String(last_health_check)) + 3 * 3_600_000 + 74_000 - Date.now());
  expect(await read(id)).toMatchObject({ health_status: "up", stale: false });
  pass(2_000);
  expect(await read(id)).toMatchObject({ health_status: "up", stale: true });
  const board = env.LIVE_BOARD.get(env.LIVE_BOARD.idFromName("board")) as unknown as DurableObjectStub<LiveBoard>;
  await runDurableObjectAlarm(board);
  expect(await read(id)).toMatchObject({ health_status: "unknown" });
  vi.useRealTimers();
  await until(async () => {
    const { flips } = await api("GET", `/api/services/${id}/health`);
    expect(flips).toMatchObject([
      { to: "unknown", reason: expect.stringMatching(/^stale: nothing heard for 108\d\d s$/) },
      { to: "up" },
    ]);
  });
  await api("DELETE", `/api/services/${id}`);
});

it("a tick plans what the board knows while the database is away", async () => {
  const { id } = await register("planned", up, { health_interval: 5, health_timeout: 1 });
  await until(async () => expect(await read(id)).toMatchObject({ health_status: "up" }));
  pass(MINUTE_MS - (Date.now() % MINUTE_MS));
  const planned = await tick();
  const away = vi.spyOn(env.DB, "prepare").mockImplementation(() => {
    throw new Error("away");
  });
  expect(await tick()).toMatchObject({ checks: planned.checks, rounds: planned.rounds });
  expect(away).toHaveBeenCalled();
  away.mockRestore();
  await api("DELETE", `/api/services/${id}`);
});

it("a service that changes its mind six times in ten minutes is flapping, until it has been quiet for ten", async () => {
  const { id } = await register("nervous", up);
  await until(async () => expect(await read(id)).toMatchObject({ health_status: "up" }));
  for (let flips = 2; flips <= 6; flips++) {
    expect(await read(id)).toMatchObject({ flapping: false });
    await api("PATCH", `/api/services/${id}`, { health_url: flips % 2 === 0 ? down : up });
    expect(await check(id)).toMatchObject({ status: flips % 2 === 0 ? "down" : "up", flapping: flips === 6 });
  }
  expect(await read(id)).toMatchObject({ flapping: true });
  pass(10 * MINUTE_MS);
  expect(await check(id)).toMatchObject({ flapping: false });
  expect(await read(id)).toMatchObject({ flapping: false });
  await api("DELETE", `/api/services/${id}`);
});

it("a service that is down for long is planned at every 4th due time, until a check passes", async () => {
  pass(20 * MINUTE_MS); // in this file's last test the clock is never set back, so no check is older than another
  const { id } = await register("gone", down, { health_interval: 5, health_timeout: 4 });
  await until(async () => expect(await read(id)).toMatchObject({ health_status: "down", breaker: "closed" }));
  await until(async () => expect((await api("GET", `/api/flips?service=${id}`)).total).toBe(1));
  pass(MINUTE_MS - (Date.now() % MINUTE_MS));
  expect(await tick()).toMatchObject({ checks: 1, rounds: 12 });
  pass(6 * MINUTE_MS);
  expect(await read(id)).toMatchObject({ health_status: "down", breaker: "open" });
  expect(await tick()).toMatchObject({ checks: 1, rounds: 3 });
  await api("PATCH", `/api/services/${id}`, { health_url: up });
  await until(async () => expect(await check(id)).toMatchObject({ status: "up" }));
  expect(await read(id)).toMatchObject({ breaker: "closed" });
  await api("DELETE", `/api/services/${id}`);
});
