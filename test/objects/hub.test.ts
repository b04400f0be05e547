/** The whole hub in the runtime: registered over the API, probed through the queues, seen on the socket, remembered in D1. */
import { applyD1Migrations, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, inject, it } from "vitest";
import worker from "../../src/worker/index.ts";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { until } from "../until.ts";

const { nginx, nothing, redis } = inject("servers");
const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };

const SITE = expect.objectContaining({ name: "site" });

interface Answer {
  [key: string]: unknown;
}

async function api(method: string, path: string, body?: object): Promise<Answer> {
  const init = { method, headers: HEADERS, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await SELF.fetch(`http://hub${path}`, init);
  return response.status === 204 ? {} : await response.json();
}

async function watch(path: string) {
  const response = await SELF.fetch(`http://hub${path}`, { headers: { ...HEADERS, upgrade: "websocket" } });
  const socket = response.webSocket;
  if (socket === null) throw new Error(`no socket: ${response.status}`);
  const frames: Answer[] = [];
  socket.addEventListener("message", ({ data }) => {
    frames.push(data === "pong" ? { type: "pong" } : JSON.parse(String(data)));
  });
  socket.accept();
  return { socket, frames };
}

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

it("a registered service is checked, streamed and remembered", async () => {
  const { socket, frames } = await watch("/ws/health");
  // A round of the file before may still tell of its service.
  await until(() =>
    expect(frames[0]).toMatchObject({ type: "snapshot", services: expect.not.arrayContaining([SITE]) }),
  );
  const service = await api("PUT", "/api/projects/shop/services/site", {
    health_method: "http",
    health_url: `http://127.0.0.1:${nginx.http}/health`,
    health_options: NEVER_SLOW,
    health_interval: 3_600,
  });
  await until(() =>
    expect(frames.map((frame) => frame.type)).toEqual(expect.arrayContaining(["registered", "flip", "health"])),
  );
  await until(() =>
    expect(frames).toContainEqual(expect.objectContaining({ name: "site", type: "flip", from: "unknown", to: "up" })),
  );
  const seqs = frames.map((frame) => Number(frame.seq));
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  await until(async () => {
    const health = await api("GET", `/api/services/${service.id}/health`);
    expect(health).toMatchObject({ status: "up", recent: [{ ok: true }], flips: [{ to: "up", seq: 1 }] });
  });
  expect(await api("GET", `/api/services/${service.id}`)).toMatchObject({ health_status: "up", version: "3.1.4" });
  socket.send("ping");
  socket.send("hello");
  await until(() =>
    expect(
      // oxlint-disable-next-line typescript/require-array-sort-compare -- the types of frames are strings
      frames
        .slice(-2)
        .map((frame) => frame.type)
        .toSorted(),
    ).toEqual(["error", "pong"]),
  );

  const missed = await watch(`/ws/health?since=${seqs[0]}`);
  await until(() => expect(missed.frames.some((frame) => frame.type === "flip")).toBe(true));
  const elsewhere = await watch("/ws/health?project=999");
  await until(() => expect(elsewhere.frames[0]).toMatchObject({ type: "snapshot", services: [] }));
  for (const each of [socket, missed.socket, elsewhere.socket]) each.close();
});

it("an outage is confirmed after its retries, with every attempt as evidence", async () => {
  const service = await api("PUT", "/api/projects/shop/services/gone", {
    health_method: "tcp",
    health_url: `127.0.0.1:${nothing}`,
    health_interval: 3_600,
    health_retries: 1,
  });
  await until(async () => {
    const { flips } = await api("GET", `/api/services/${service.id}/health`);
    expect(flips).toMatchObject([{ from: "unknown", to: "down", evidence: [{ ok: false }, { ok: false }] }]);
  });
  expect(await api("GET", "/api/summary")).toMatchObject({ overall_status: "unhealthy", hub_id: "hub-main" });
});

it("tags and metadata that were changed are in the next summary", async () => {
  const body = { health_method: "heartbeat", health_url: "", tags: ["eu"], metadata: { team: { name: "a" } } };
  const service = await api("PUT", "/api/projects/labels/services/labelled", body);
  const labelled = async () => {
    const { services } = await api("GET", "/api/summary");
    return Array.isArray(services) ? services.find(({ name }) => name === "labelled") : undefined;
  };
  await until(async () => expect(await labelled()).toMatchObject({ tags: ["eu"], metadata: { team: { name: "a" } } }));
  await api("PATCH", `/api/services/${service.id}`, { tags: ["us", "critical"] });
  expect(await labelled()).toMatchObject({ tags: ["us", "critical"], metadata: { team: { name: "a" } } });
});

it("a check on demand answers what it found", async () => {
  const service = await api("PUT", "/api/projects/shop/services/cache", {
    health_method: "redis",
    health_url: `redis://127.0.0.1:${redis.open}`,
    health_interval: 3_600,
  });
  expect(await api("POST", `/api/services/${service.id}/check`)).toMatchObject({ observation: { verdict: "ok" } });
});

it("a heartbeat that falls silent is down, by the board's alarm", async () => {
  const service = await api("PUT", "/api/projects/shop/services/nightly", {
    health_method: "heartbeat",
    health_url: "",
    health_interval: 5,
    health_timeout: 1,
    health_options: { grace: 0 },
  });
  await api("POST", `/api/services/${service.id}/heartbeat`, {
    status: "warn",
    details: { output: "slow", deep: { a: 1 } },
  });
  expect(await api("GET", `/api/services/${service.id}`)).toMatchObject({ health_status: "degraded" });
  await api("POST", `/api/services/${service.id}/heartbeat`, {});
  expect(await api("GET", `/api/services/${service.id}`)).toMatchObject({ health_status: "up" });
  await until(async () => {
    const found = await api("GET", `/api/services/${service.id}`);
    expect(found).toMatchObject({
      health_status: "down",
      health_details: { error: expect.stringMatching(/^heartbeat: silent for [5-7] s$/) },
    });
  });
});

it("a stopped project falls silent: its services are closed and leave the board", async () => {
  const { frames, socket } = await watch("/ws/health");
  const { project_id } = await api("PUT", "/api/projects/night/services/site", {
    health_method: "http",
    health_url: `http://127.0.0.1:${nginx.http}/ok`,
    health_interval: 3_600,
  });
  await until(() => expect(frames.some((frame) => frame.type === "flip")).toBe(true));
  await api("POST", `/api/projects/${project_id}/stop`);
  await until(() =>
    expect(frames.slice(-2)).toMatchObject([
      { type: "deregistered", service: { name: "site" } },
      { type: "project", project: { name: "night", status: "stopped" } },
    ]),
  );
  await until(async () => {
    const { flips } = (await api("GET", "/api/flips?project=night")) as { flips: Answer[] };
    expect(flips[0]).toMatchObject({ to: "unknown", reason: "deregistered" });
  });
  socket.close();
});

it("a tick plans the registry's rounds and says so in /health", async () => {
  const ctx = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext; // only waitUntil is used
  await worker.scheduled(
    { scheduledTime: Date.now(), cron: "* * * * *", noRetry: () => {} } as ScheduledController,
    env as never,
    ctx,
  );
  const health = await api("GET", "/health");
  expect(health).toMatchObject({ checks: { "queues:plannedAge": [{ status: "pass", observedUnit: "s" }] } });
});

it("a service that registers itself again and again with other metadata is checked no more often for it", async () => {
  const register = (metadata: object, health_timeout = 5) =>
    api("PUT", "/api/projects/shop/services/talkative", {
      health_method: "http",
      health_url: `http://127.0.0.1:${nginx.http}/health`,
      health_interval: 3_600,
      metadata,
      health_timeout,
    });
  const { id } = await register({ build: 0 });
  const checks = async () => {
    const { recent } = await api("GET", `/api/services/${id}/health`);
    return (recent as unknown[]).length;
  };
  await until(async () => expect(await checks()).toBe(1));
  for (let build = 1; build <= 5; build++) await register({ build });
  await scheduler.wait(2_500); // a round takes less
  expect(await checks()).toBe(1);
  await register({ build: 6 }, 4);
  await until(async () => expect(await checks()).toBe(2));
});
