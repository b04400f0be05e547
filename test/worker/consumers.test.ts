import { applyD1Migrations } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { beforeAll, expect, inject, it, vi } from "vitest";
import { LOG_START } from "../../src/core/hub/events.ts";
import { parseSettings } from "../../src/core/hub/settings.ts";
import type { OutcomesMessage, ProbeMessage } from "../../src/core/lane/queue-messages.ts";
import { CHECKS_ELSEWHERE } from "../../src/core/lane/slots.ts";
import type { Check } from "../../src/core/service/check.ts";
import { VERDICTS } from "../../src/core/service/records.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import type { Flip } from "../../src/core/status/recorded-flip.ts";
import { takeHeartbeat } from "../../src/pipeline/on-demand.ts";
import { runRound } from "../../src/pipeline/probe.ts";
import { boardOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { eventsAfter } from "../../src/store/events.ts";
import { serviceFlips } from "../../src/store/history/flips.ts";
import { getService } from "../../src/store/registry/services.ts";
import { rounds } from "../../src/store/tables/hub-tables.ts";
import { consume } from "../../src/worker/consumers.ts";
import { probeDeps } from "../../src/worker/deps.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { aCheck } from "../core/fixtures.ts";
import { addProject, addService } from "../store/fixtures.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

/** A batch whose messages note what was asked for each. */
function batchOf(queue: string, bodies: string[], over: object = {}) {
  const asked = new Map<string, "ack" | "retry">();
  const messages = bodies.map((body, index) => ({
    id: `m${index}`,
    timestamp: new Date(),
    body,
    attempts: 1,
    ack: () => void asked.set(`m${index}`, "ack"),
    retry: () => void asked.set(`m${index}`, "retry"),
  }));
  const batch = { queue, messages, ackAll() {}, retryAll() {} } as unknown as MessageBatch<string>; // as far as it is used
  const ctx = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext; // as far as it is used
  return { asked, run: () => consume(batch, hubOf({ ...env, ...over } as never, systemClock), ctx) };
}

const outcomes = (lane: number) =>
  JSON.stringify({
    round: { lane, due_at: 1_000, attempt: 0 },
    vantage: "home",
    started_at: 1_000,
    results: [[1, 1, 1, 5, null, null]],
    flips: [],
    versions: [],
  });

it("a queue that the hub does not know is an error, so that its messages are not lost", async () => {
  await expect(batchOf("another-queue", ["{}"]).run()).rejects.toThrow("no consumer for the queue another-queue");
});

it("a message that can't be read fails alone, with a word in the log", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const { asked, run } = batchOf("hub-outcomes", [
    outcomes(3_000_000),
    "not JSON",
    '{"round": 7}',
    outcomes(3_000_001),
  ]);
  await run();
  expect([...asked]).toEqual([
    ["m1", "retry"],
    ["m2", "retry"],
  ]);
  const stored = await openDatabase(env.DB).select({ lane: rounds.lane }).from(rounds);
  expect(stored.map(({ lane }) => lane)).toEqual([3_000_000, 3_000_001]);
  expect(error.mock.calls.flat().join()).toContain("unreadable message");
  error.mockRestore();
});

it("a prober that breaks hides no outage: the retries go on at home", async () => {
  const PROBER = {
    idFromName: (name: string) => name,
    get: () => ({ probe: () => Promise.reject(new Error("reset")) }),
  };
  const settings = parseSettings({ ...env, PROBE_VANTAGES: "weur", ALLOW_PRIVATE_TARGETS: "true" });
  const asked: string[] = [];
  const waiting: ProbeMessage[] = [
    {
      round: { lane: 3_000_009, due_at: 1_000, attempt: 0 },
      vantage: "home",
      not_before: 0,
      checks: [
        aCheck({
          service_id: 99,
          lane: 3_000_009,
          health_method: "tcp",
          health_url: "tcp://127.0.0.1:1",
          health_retries: 1,
        }),
      ],
    },
  ];
  const flips: Flip[] = [];
  const deps = probeDeps({ env: { ...env, PROBER } as never, settings, clock: systemClock });
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    asked.push(message.vantage);
    const outcomes = await runRound(message, {
      ...deps,
      wait: async () => {},
      retry: async (more) => void waiting.push(...more),
    });
    flips.push(...outcomes.flatMap((outcome) => outcome.flips));
  }
  expect(asked).toEqual(["home", "weur", "home"]);
  expect(flips).toMatchObject([{ to: "down", evidence: [{ vantage: "home" }, { vantage: "home" }] }]);
});

it("checks that hosts which hang hold up are done in further invocations, and so is their neighbour", async () => {
  const { black_hole, redis } = inject("servers");
  const began: number[] = [];
  const lane = 3_000_010;
  const tcp = (service_id: number, port: number) =>
    aCheck({ service_id, lane, health_method: "tcp", health_url: `tcp://127.0.0.1:${port}`, health_timeout: 3 });
  const checks = [...[1, 2, 3, 4, 5, 6, 7].map((id) => tcp(400 + id, black_hole)), tcp(408, redis.open)];
  const round = { lane, due_at: Date.now(), attempt: 0 };
  const body = JSON.stringify({ round, vantage: "home", not_before: 0, checks } satisfies ProbeMessage);
  const ProbeRun = {
    probe: async (part: Check[], vantage: string) => {
      began.push(part.length);
      return await exports.ProbeRun.probe(part, vantage);
    },
  };
  const ctx = { exports: { ProbeRun }, waitUntil: () => {} } as unknown as ExecutionContext; // as far as it is used
  const message = { id: "m", timestamp: new Date(), body, attempts: 1, ack: () => {}, retry: () => {} };
  const batch = { queue: "hub-probes", messages: [message] } as unknown as MessageBatch<string>; // as far as it is used
  const hub = hubOf({ ...env, PROBES: { sendBatch: async () => {} } } as never, systemClock);
  await consume(batch, hub, ctx);
  expect(began.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(4); // three began here
  expect(Math.max(...began)).toBeLessThanOrEqual(CHECKS_ELSEWHERE);
  const [row] = await openDatabase(env.DB).select().from(rounds).where(eq(rounds.lane, lane));
  const results = row?.results ?? [];
  expect(results.map(([id, verdict]) => [id, verdict]).toSorted(([a = 0], [b = 0]) => a - b)).toEqual([
    ...[401, 402, 403, 404, 405, 406, 407].map((id) => [id, VERDICTS.indexOf("fail")]),
    [408, VERDICTS.indexOf("ok")],
  ]);
});

it("an outcome that can't be stored fails alone, not with its batch", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  await env.DB.exec(
    "CREATE TRIGGER poison BEFORE INSERT ON rounds WHEN new.lane = 3000021 BEGIN SELECT raise(ABORT, 'poison'); END",
  );
  const { asked, run } = batchOf("hub-outcomes", [outcomes(3_000_020), outcomes(3_000_021), outcomes(3_000_022)]);
  await run();
  await env.DB.exec("DROP TRIGGER poison");
  expect([...asked]).toEqual([["m1", "retry"]]);
  const stored = await openDatabase(env.DB).select({ lane: rounds.lane }).from(rounds);
  expect(stored.map(({ lane }) => lane)).toEqual(expect.arrayContaining([3_000_020, 3_000_022]));
  error.mockRestore();
});

it("outcomes are delivered again together while the database is away", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  await env.DB.exec("ALTER TABLE rounds RENAME TO rounds_away");
  const batch = batchOf(
    "hub-outcomes",
    Array.from({ length: 9 }, (_, n) => outcomes(3_000_030 + n)),
  );
  await expect(batch.run()).rejects.toThrow();
  await env.DB.exec("ALTER TABLE rounds_away RENAME TO rounds");
  error.mockRestore();
});

it("a round that can't be read is tried again", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const { asked, run } = batchOf("hub-probes", ['{"round": {"lane": 1}}']);
  await run();
  expect([...asked]).toEqual([["m0", "retry"]]);
  error.mockRestore();
});

const aRound = (lane: number): ProbeMessage => ({
  round: { lane, due_at: Date.now(), attempt: 0 },
  vantage: "home",
  not_before: 0,
  checks: [aCheck({ service_id: lane % 1_000, lane, health_method: "tcp", health_url: "tcp://127.0.0.1:1" })],
});

async function recordedLanes(): Promise<number[]> {
  const stored = await openDatabase(env.DB).select({ lane: rounds.lane }).from(rounds);
  return stored.map(({ lane }) => lane);
}

it("one round of a message that fails is tried again without the others", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const sent: MessageSendRequest<string>[] = [];
  const PROBES = { sendBatch: async (batch: MessageSendRequest<string>[]) => void sent.push(...batch) };
  const broken = { round: { lane: 1 } };
  const { asked, run } = batchOf("hub-probes", [JSON.stringify([aRound(3_000_051), broken, aRound(3_000_052)])], {
    PROBES,
  });
  await run();
  expect([...asked]).toEqual([["m0", "ack"]]);
  expect(sent.filter(({ body }) => body === JSON.stringify(broken))).toMatchObject([{ delaySeconds: 5 }]);
  expect(await recordedLanes()).toEqual(expect.arrayContaining([3_000_051, 3_000_052]));
  error.mockRestore();
});

it("when all rounds of a message fail, or the failed one can't be sent again, the message is tried again", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const broken = { round: { lane: 1 } };
  const PROBES = { sendBatch: () => Promise.reject(new Error("away")) };
  const all = batchOf("hub-probes", [JSON.stringify([broken, broken])]);
  await all.run();
  expect([...all.asked]).toEqual([["m0", "retry"]]);
  const up = { ...aRound(3_000_053), checks: [] };
  const one = batchOf("hub-probes", [JSON.stringify([up, broken])], { PROBES });
  await one.run();
  expect([...one.asked]).toEqual([["m0", "retry"]]);
  error.mockRestore();
});

it("a round is recorded at once, and by the queue when the database is away", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const queued: string[] = [];
  const OUTCOMES = { send: async (text: string) => void queued.push(text) };
  await batchOf("hub-probes", [JSON.stringify(aRound(3_000_054))], { OUTCOMES }).run();
  expect(await recordedLanes()).toContain(3_000_054);
  expect(queued).toEqual([]);
  await env.DB.exec("ALTER TABLE rounds RENAME TO rounds_away");
  const { asked, run } = batchOf("hub-probes", [JSON.stringify(aRound(3_000_055))], { OUTCOMES });
  await run();
  await env.DB.exec("ALTER TABLE rounds_away RENAME TO rounds");
  expect([...asked]).toEqual([["m0", "ack"]]);
  expect(queued.map((text) => (JSON.parse(text) as OutcomesMessage).round.lane)).toEqual([3_000_055]);
  warn.mockRestore();
  error.mockRestore();
});

it("services whose results no lane took were not silent", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const LANE_MONITOR = {
    idFromName: (name: string) => name,
    get: () => ({ observe: () => Promise.reject(new Error("the object was reset")) }),
  };
  const round = aRound(3_000_777);
  await boardOf(env as never).add(round.checks, []);
  const before = Date.now();
  const { asked, run } = batchOf("hub-probes", [JSON.stringify(round)], { LANE_MONITOR });
  await run();
  expect([...asked]).toEqual([["m0", "retry"]]);
  const [refusedUntil] = await boardOf(env as never).refusedUntil([777]);
  expect(refusedUntil?.until).toBeGreaterThanOrEqual(before);
  error.mockRestore();
});

it("outcomes that the queue gave up are counted until they are recorded", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  await batchOf("hub-outcomes-dead", [outcomes(3_000_002)]).run();
  expect((await boardOf(env as never).report()).dead_letters).toBe(0);
  await batchOf("hub-probes-dead", ["{}"]).run();
  expect((await boardOf(env as never).report()).dead_letters).toBe(1);
  error.mockRestore();
});

it("a flip is in the history, on the service and in the log at once, even when the queue loses its round", async () => {
  const db = openDatabase(env.DB);
  const project = await addProject(db, "at-once");
  const row = await addService(db, project, { name: "job", health_method: "heartbeat" });
  const OUTCOMES = { send: async () => {} };
  const deps = probeDeps({ ...hubOf(env as never, systemClock), env: { ...env, OUTCOMES } as never });
  await takeHeartbeat(toCheck(row), { status: "pass", details: {} }, deps);
  expect(await serviceFlips(db, row.id, 9)).toMatchObject([{ from: "unknown", to: "up" }]);
  expect(await getService(db, row.id)).toMatchObject({ status: "up", flip_seq: 1 });
  const { events } = await eventsAfter(db, LOG_START, 1_000);
  expect(events.filter(({ body }) => "project" in body && body.project === "at-once").map(({ kind }) => kind)).toEqual([
    "registered",
    "flip",
  ]);
});
