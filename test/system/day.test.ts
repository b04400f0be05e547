/** A day in the life of a hub, as its user sees it: real services come and go, the database too, and the hub is killed. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { NEVER_SLOW } from "../core/fixtures.ts";
import { holdDatabase } from "../processes/database-file.ts";
import { call, type FlipSeen, flipsOf, type ServiceSeen, service } from "../processes/hub-client.ts";
import { type HubProcess, startHub } from "../processes/hub-process.ts";
import { type Watching, watch } from "../processes/watch.ts";
import { type Certificates, makeCertificates } from "../servers/certificates.ts";
import type { Started } from "../servers/child-process.ts";
import { type Eyes, startEyes } from "../servers/eyes.ts";
import { startNginx } from "../servers/nginx.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startRedis } from "../servers/redis.ts";
import { until } from "../until.ts";

/** Two retries after 1 s and 2 s, with the jitter of 20 %. */
const SOONEST_MS = 2_400;

let certificates: Certificates;
let started: Started[];
let redis: Started;
let eyes: Eyes;
let hub: HubProcess;
let watching: Watching;
/** When the thirty services were stopped, Unix ms. */
let stoppedAt: number;

const page = (name: string, over: object = {}) => ({
  name,
  health_method: "http",
  health_url: eyes.url(name),
  health_interval: 5,
  health_timeout: 2,
  health_retries: 1,
  health_options: NEVER_SLOW,
  ...over,
});

async function project(name: string, services: object[]): Promise<{ id: number; ids: Map<string, number> }> {
  const { id } = await call<{ id: number }>(hub, "POST", "/api/projects", { name });
  await call(hub, "PUT", `/api/projects/${id}/manifest`, { services });
  return { id, ids: await idsOf(name) };
}

async function idsOf(name: string): Promise<Map<string, number>> {
  const { services } = await call<{ services: ServiceSeen[] }>(hub, "GET", `/api/services?project=${name}`);
  return new Map(services.map((each) => [each.name, each.id]));
}

const counts = async (id: number) =>
  (await call<{ counts: Record<string, number> }>(hub, "GET", `/api/projects/${id}/health`)).counts;

/** Seqs without a gap, each flip from where the one before led. */
function expectChain(flips: FlipSeen[], statuses: string[]): void {
  expect(flips.map(({ to }) => to)).toEqual(statuses);
  expect(flips.map(({ seq }) => seq)).toEqual(statuses.map((_status, index) => index + 1));
  expect(flips.map(({ from }) => from)).toEqual(["unknown", ...statuses.slice(0, -1)]);
}

beforeAll(async () => {
  certificates = await makeCertificates();
  const [cache, postgres, nginx, target] = await Promise.all([
    startRedis(),
    startPostgres(),
    startNginx(certificates),
    startEyes(),
  ]);
  [redis, eyes, started] = [cache, target, [postgres, nginx, target]];
  hub = await startHub();
  watching = await watch(hub);
  const services = [
    { name: "cache", health_method: "redis", health_url: `redis://127.0.0.1:${redis.port}`, health_retries: 2 },
    { name: "db", health_method: "postgres", health_url: `postgres://127.0.0.1:${postgres.port}/app` },
    {
      name: "site",
      health_method: "http",
      health_url: `http://127.0.0.1:${nginx.port}/ok`,
      depends_on: ["db", "cache"],
    },
  ].map((each) => ({ health_interval: 5, health_timeout: 2, health_options: NEVER_SLOW, ...each }));
  await project("shop", [...services, { name: "nightly", health_method: "heartbeat", health_interval: 3_600 }]);
});
afterAll(async () => {
  watching?.close();
  await hub?.remove();
  await Promise.all([redis, ...(started ?? [])].map((server) => server?.stop()));
  await certificates?.remove();
});

test("a real Redis, PostgreSQL and nginx and a heartbeat, registered with one manifest, are all up", async () => {
  const nightly = (await idsOf("shop")).get("nightly");
  await call(hub, "POST", `/api/services/${nightly}/heartbeat`, {});
  for (const name of ["cache", "db", "site", "nightly"]) {
    await until(() => expect(watching.flips(name)).toMatchObject([{ from: "unknown", to: "up" }]));
  }
});

test("a Redis that is killed is down when its retries are used up and no earlier, and up when it is back", async () => {
  const killedAt = Date.now();
  await redis.stop();
  const [, down] = await until(() => {
    const flips = watching.flips("cache");
    expect(flips).toHaveLength(2);
    return flips;
  });
  expect(down).toMatchObject({
    from: "up",
    to: "down",
    reason: expect.stringMatching(/^connect: refused/),
    project: "shop",
  });
  // On a busy machine a scheduled check may come between the retries.
  const attempts = Array.isArray(down?.evidence) ? down.evidence : [];
  expect(attempts.length).toBeGreaterThanOrEqual(3);
  // The first may have been connected when it was killed.
  const error = expect.stringMatching(/^connect: (refused|the connection was closed|closed without an answer)/);
  for (const attempt of attempts) expect(attempt).toMatchObject({ vantage: "home", ok: false, error });
  const began = Date.parse(String(down?.began_at));
  const tookMs = Date.parse(String(down?.at)) - began;
  expect(began).toBeGreaterThanOrEqual(killedAt);
  expect(tookMs).toBeGreaterThanOrEqual(SOONEST_MS);
  redis = await startRedis({ port: redis.port });
  await until(() => expect(watching.flips("cache").at(-1)).toMatchObject({ from: "down", to: "up" }));
  const cache = (await idsOf("shop")).get("cache") ?? 0;
  await until(async () => expectChain(await flipsOf(hub, cache), ["up", "down", "up"]));
});

/** A request whose connection was cut is sent once more by the same check. */
const AGAIN_MS = 400;

function checksSeen(name: string, before: number): number {
  const times = eyes.seen(name).map(({ at }) => at);
  return times.filter((at, index) => at < before && at - (times[index - 1] ?? 0) > AGAIN_MS).length;
}

test("a database that is away loses no flip and no round, and the hub says so meanwhile", async () => {
  const { ids } = await project("lasting", [page("steady"), page("failing", { health_retries: 0 })]);
  await until(() => expect(watching.flips("steady")).toHaveLength(1));
  await until(() => expect(watching.flips("failing")).toHaveLength(1));
  const release = holdDatabase(hub.state);
  try {
    const answer = await hub.fetch("/health");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ checks: { "database:responseTime": [{ status: "fail" }] } });
    eyes.hide("failing", "all");
    await until(() => expect(watching.flips("failing").at(-1)).toMatchObject({ to: "down" }));
    eyes.hide("failing", []);
    await until(() => expect(watching.flips("failing").at(-1)).toMatchObject({ to: "up" }));
  } finally {
    release();
  }
  for (const name of ["steady", "failing"]) {
    const id = ids.get(name) ?? 0;
    await until(async () => {
      const before = Date.now() - 2_000;
      const { recent } = await call<{ recent: { at: string }[] }>(hub, "GET", `/api/services/${id}/health`);
      const recorded = recent.filter(({ at }) => Date.parse(at) < before).length;
      expect(recorded).toBe(checksSeen(name, before));
    });
  }
  expectChain(await flipsOf(hub, ids.get("failing") ?? 0), ["up", "down", "up"]);
  expect((await hub.fetch("/health")).status).toBe(200);
});

test("a manifest of thirty services is applied, changed and stopped", async () => {
  const thirty = Array.from({ length: 30 }, (_each, index) => page(`fleet-${index}`, { health_interval: 60 }));
  const { id } = await project("fleet", thirty);
  await until(async () => expect(await counts(id)).toMatchObject({ up: 30 }));
  const changed = thirty.slice(5).map((each, index) => (index < 5 ? { ...each, health_interval: 30 } : each));
  const { plan } = await call<{ plan: object }>(hub, "PUT", `/api/projects/${id}/manifest`, {
    services: [...changed, page("newcomer")],
  });
  expect(plan).toMatchObject({
    create: ["newcomer"],
    delete: thirty.slice(0, 5).map((each) => each.name),
    unchanged: 20,
  });
  await until(async () => expect(await counts(id)).toMatchObject({ up: 26, down: 0, unknown: 0 }));
  await call(hub, "POST", `/api/projects/${id}/stop`);
  expect(await call(hub, "GET", `/api/projects/${id}`)).toMatchObject({ status: "stopped", health: "unknown" });
  stoppedAt = Date.now();
  await until(async () => expectChain(await flipsOf(hub, "newcomer"), ["up", "unknown"]));
});

test("kill -9 in the middle of a round loses no flip and doubles none, and every status is right again", async () => {
  const names = Array.from({ length: 12 }, (_each, index) => `crash-${index}`);
  const [falling, standing] = [names.slice(0, 6), names.slice(6)];
  const { ids } = await project(
    "crash",
    names.map((name) => page(name)),
  );
  for (const name of names) await until(() => expect(watching.flips(name)).toHaveLength(1));
  for (const name of standing) eyes.slow(name, 400);
  for (const name of falling) eyes.hide(name, "all");
  const hiddenAt = Date.now();
  const failed = () => falling.filter((name) => eyes.seen(name).some(({ at }) => at > hiddenAt));
  await until(() => expect(failed().length).toBeGreaterThan(0));
  await hub.kill9();
  await hub.restart();
  watching = await watch(hub);
  expect(watching.frames[0]?.type ?? "snapshot").toBe("snapshot");
  const fell = (name: string) => watching.flips(name).some(({ to }) => to === "down");
  await until(() => expect(falling.some(fell)).toBe(true));
  const told = falling.flatMap((name) => watching.flips(name));
  await hub.kill9();
  await hub.restart();
  watching = await watch(hub);
  for (const name of falling) {
    await until(async () => expect((await service(hub, ids.get(name) ?? 0)).health_status).toBe("down"));
  }
  for (const name of names) {
    const ends = falling.includes(name) ? ["up", "down"] : ["up"];
    await until(async () => expectChain(await flipsOf(hub, ids.get(name) ?? 0), ends));
    const found = await service(hub, ids.get(name) ?? 0);
    expect(found.health_status, name).toBe(ends.at(-1));
  }
  for (const { name, seq, flip_seq, type, ...flip } of told) {
    // The first flip is told once more when the crash came before it was recorded.
    const recorded = (await flipsOf(hub, ids.get(String(name)) ?? 0)).find((each) => each.seq === flip_seq);
    expect(recorded).toMatchObject({ to: flip.to, at: flip.at, evidence: flip.evidence });
    expect([type, typeof seq]).toEqual(["flip", "number"]);
  }
  for (const name of ["cache", "db", "site", "nightly"]) {
    const { health_status } = await service(hub, (await idsOf("shop")).get(name) ?? 0);
    expect(health_status, name).toBe("up");
  }
});

test("what was stopped has been left alone ever since", async () => {
  await until(() => expect(Date.now() - stoppedAt).toBeGreaterThan(6_000));
  expect(eyes.seen("newcomer").filter(({ at }) => at > stoppedAt + 500)).toEqual([]);
});
