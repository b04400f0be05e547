/** What a crash must not lose although it came between two steps, and what a target may say without harm. */
import {
  abortAllDurableObjects,
  applyD1Migrations,
  runDurableObjectAlarm,
  runInDurableObject,
  SELF,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Check } from "../../src/core/service/check.ts";
import { Listening } from "../../src/objects/downtime/listening.ts";
import { boardOf, laneMonitorOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { anObservation, aRound } from "../core/fixtures.ts";
import { until } from "../until.ts";

const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };

interface Answer {
  [key: string]: unknown;
  id: number;
  health_status: string;
  flips: { to: string; seq: number; reason: string }[];
  recent: { error: string | null }[];
}

async function api(method: string, path: string, body?: object): Promise<Answer> {
  const init = { method, headers: HEADERS, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return (await SELF.fetch(`http://hub${path}`, init)).json();
}

const health = (id: number) => api("GET", `/api/services/${id}/health`);
const statusOf = async (id: number) => (await api("GET", `/api/services/${id}`)).health_status;

function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

/** A heartbeat service that beats each minute and has just done so, as the board knows it. */
async function beating(name: string): Promise<Check> {
  const { id } = await api("PUT", `/api/projects/beats/services/${name}`, {
    health_method: "heartbeat",
    health_interval: 60,
    health_options: { grace: 0 },
  });
  await api("POST", `/api/services/${id}/heartbeat`, {});
  await until(async () => expect(await health(id)).toMatchObject({ flips: [{ to: "up" }], recent: [{ ok: true }] }));
  const check = (await boardOf(env).entries()).find((entry) => entry.check.service_id === id)?.check;
  if (check === undefined) throw new Error("not on the board");
  return check;
}

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
beforeEach(() => vi.useRealTimers());
afterEach(() => vi.useRealTimers());

/** As if the board's alarm had come in time meanwhile; one that is late means that the hub was paused. */
async function expectAlarmAt(time: number): Promise<void> {
  await runInDurableObject(boardOf(env), (_board, { storage }) => storage.setAlarm(time));
}

it("a silence that was noticed just before the crash is told and recorded after it", async () => {
  const check = await beating("silent");
  const { service_id: id } = check;
  pass(90_000);
  const overdue = [{ check, last_at: Date.now() - 90_000 }];
  const noticed = await laneMonitorOf(env, check.lane).expire(overdue, Date.now());
  expect(noticed.results[0]?.live.status).toBe("down");
  await expectAlarmAt(Date.now());
  await abortAllDurableObjects();
  expect(await statusOf(id)).toBe("up"); // the database knows no better
  await runDurableObjectAlarm(boardOf(env));
  expect(await statusOf(id)).toBe("down");
  vi.useRealTimers();
  await until(async () => {
    const { flips } = await health(id);
    expect(flips.map(({ seq, to }) => [seq, to])).toEqual([
      [2, "down"],
      [1, "up"],
    ]);
  });
});

it("a beat that was acknowledged just before the crash is no silence after it", async () => {
  const check = await beating("steady");
  const { service_id: id } = check;
  pass(50_000);
  const beat = anObservation({ at: Date.now() });
  const round = aRound({ lane: check.lane, due_at: Date.now() });
  await laneMonitorOf(env, check.lane).observe(round, [{ check, observation: beat }], []);
  await expectAlarmAt(Date.now() + 40_000);
  await abortAllDurableObjects();
  pass(40_000);
  expect(await statusOf(id)).toBe("up");
  await runDurableObjectAlarm(boardOf(env));
  expect(await statusOf(id)).toBe("up");
  pass(21_000);
  await runDurableObjectAlarm(boardOf(env));
  expect(await statusOf(id)).toBe("down");
});

const WORDS: Record<string, string> = {
  "no character at all": "\u0000 and \u0001",
  "half of a pair": "\ud83d and \udca5",
  "every kind of quote": `'"\`\\ $& -- ; DROP TABLE flips`,
  "more than anyone reads": "\u{1f4a5}".repeat(3_000),
};

it.each(Object.keys(WORDS))("a service that says %s is recorded like any other", async (what) => {
  const { id } = await api("PUT", `/api/projects/words/services/${what.replaceAll(" ", "-")}`, {
    health_method: "heartbeat",
    health_interval: 3_600,
  });
  await api("POST", `/api/services/${id}/heartbeat`, {
    status: "fail",
    details: { output: WORDS[what]?.slice(0, 2_000) },
  });
  const { error, reason } = await until(async () => {
    const { flips, recent } = await health(id);
    expect([flips.length, recent.length]).toEqual([1, 1]);
    return { error: recent[0]?.error, reason: flips[0]?.reason };
  });
  expect(reason?.startsWith("heartbeat: ")).toBe(true);
  expect(reason === error).toBe(true);
  expect(reason?.isWellFormed()).toBe(true);
  expect(reason?.length).toBeLessThanOrEqual(300);
});

it("while the database is away, beats of known keys are taken in; one that is refused makes the hub deaf until then", async () => {
  const check = await beating("steadfast");
  const { service_id: id } = check;
  const { key } = await api("POST", "/api/keys", { name: "beats", scope: "write" });
  const beat = (token: unknown) =>
    SELF.fetch(`http://hub/api/services/${id}/heartbeat`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
    });
  expect((await beat(key)).status).toBe(202);
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  await env.DB.exec("ALTER TABLE api_keys RENAME TO api_keys_away");
  await env.DB.exec("ALTER TABLE services RENAME TO services_away");
  try {
    pass(50_000);
    expect((await beat(key)).status).toBe(202);
    expect((await beat("hub_of_nobody")).status).toBe(503);
    await expectAlarmAt(Date.now() + 61_000);
    pass(60_000);
    await runDurableObjectAlarm(boardOf(env));
    expect((await boardOf(env).read([id]))[0]?.live.status).toBe("up");
    pass(2_000);
    await runDurableObjectAlarm(boardOf(env));
    expect((await boardOf(env).read([id]))[0]?.live.status).toBe("down");
  } finally {
    await env.DB.exec("ALTER TABLE services_away RENAME TO services");
    await env.DB.exec("ALTER TABLE api_keys_away RENAME TO api_keys");
    error.mockRestore();
  }
});

it("a start of a local hub is heard from the moment that it can hear, once", () =>
  runInDurableObject(env.LIVE_BOARD.get(env.LIVE_BOARD.newUniqueId()), (_board, { storage }) => {
    const began = Date.now();
    new Listening(storage, systemClock).started(began - 40_000);
    const { since } = new Listening(storage, systemClock);
    expect(since).toBeGreaterThanOrEqual(began);
    pass(60_000);
    new Listening(storage, systemClock).started(began - 40_000); // the object was evicted meanwhile
    expect(new Listening(storage, systemClock).since).toBe(since);
  }));

it("the time in which the hub was away is kept as a gap, over evictions, and shows in no uptime", async () => {
  const { service_id: id } = await beating("unwatched");
  const board = boardOf(env);
  await board.ticked(Date.now());
  pass(600_000);
  await abortAllDurableObjects();
  await boardOf(env).ticked(Date.now());
  await boardOf(env).ticked(Date.now()); // a tick that came twice
  await abortAllDurableObjects();
  const gaps = await boardOf(env).gaps();
  expect(gaps).toHaveLength(1);
  const { unwatched } = await api("GET", `/api/services/${id}/history`);
  expect(unwatched).toEqual([
    {
      from: new Date((gaps[0]?.from ?? 0) + 60_000).toISOString(),
      to: new Date(gaps[0]?.to ?? 0).toISOString(),
    },
  ]);
});

it("after a pause of the hub, who was silent gets the whole time again", async () => {
  const check = await beating("paused");
  const { service_id: id } = check;
  await expectAlarmAt(Date.now() + 60_000);
  await abortAllDurableObjects();
  pass(600_000);
  await runDurableObjectAlarm(boardOf(env));
  expect(await statusOf(id)).toBe("up");
  await abortAllDurableObjects();
  pass(50_000);
  await runDurableObjectAlarm(boardOf(env));
  expect(await statusOf(id)).toBe("up");
  pass(11_000);
  await runDurableObjectAlarm(boardOf(env));
  expect(await statusOf(id)).toBe("down");
});

it("a lost tick of the cron is kept over evictions as a gap of the hub's own probes, and is none for a heartbeat", async () => {
  const { service_id: id } = await beating("lost-tick");
  pass(1_200_000); // later than all ticks of the tests before
  await boardOf(env).ticked(Date.now());
  const known = (await boardOf(env).gaps()).length;
  pass(120_000);
  await boardOf(env).ticked(Date.now());
  await abortAllDurableObjects();
  const gaps = await boardOf(env).gaps();
  expect(gaps.slice(known)).toMatchObject([{ only_probes: true }]);
  const { unwatched } = await api("GET", `/api/services/${id}/history`);
  const to = new Date(gaps.at(-1)?.to ?? 0).toISOString();
  expect((unwatched as { to: string }[]).filter((gap) => gap.to === to)).toEqual([]);
});
