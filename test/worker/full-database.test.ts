/** A database of the largest size that D1 allows: it can be read, and rows can be deleted, but it takes no more. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Check } from "../../src/core/service/check.ts";
import { toCheck } from "../../src/core/service/service-row.ts";
import { readHubFacts } from "../../src/http/hub/hub-facts.ts";
import { runRound } from "../../src/pipeline/probe.ts";
import { boardOf } from "../../src/platform/object-stubs.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { serviceFlips } from "../../src/store/history/flips.ts";
import { RAW_SINCE_KEY, setMeta } from "../../src/store/meta.ts";
import { dailyRollups, rollups, rounds } from "../../src/store/tables/hub-tables.ts";
import { consume } from "../../src/worker/consumers.ts";
import { probeDeps } from "../../src/worker/deps.ts";
import { hubOf } from "../../src/worker/hub.ts";
import { maintain } from "../../src/worker/maintenance.ts";
import { addProject, addService } from "../store/fixtures.ts";

const DAY_MS = 86_400_000;
const FULL = "the database is full, and nothing more is recorded until it has room";
const TAKEN = ["rounds", "flips", "events", "rollups"];

const db = openDatabase(env.DB);
const outcomes: string[] = [];
const OUTCOMES = { send: async (body: string) => void outcomes.push(body) };
const hub = { ...hubOf(env as never, systemClock), env: { ...env, OUTCOMES } as never };
let check: Check;
let id: number;

beforeAll(async () => {
  for (const level of ["error", "warn"] as const) vi.spyOn(console, level).mockImplementation(() => {});
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  const project = await addProject(db, "shop");
  const fields = { health_method: "tcp", health_url: "tcp://127.0.0.1:1", health_retries: 0 } as const;
  const row = await addService(db, project, { name: "db", ...fields });
  check = toCheck(row);
  id = row.id;
  await boardOf(env).add([check], []);
});
afterAll(() => vi.restoreAllMocks());

async function fill(): Promise<void> {
  for (const table of TAKEN) {
    await env.DB.exec(
      `CREATE TRIGGER full_${table} BEFORE INSERT ON ${table} BEGIN SELECT raise(ABORT, 'Exceeded maximum DB size'); END`,
    );
  }
}

async function makeRoom(): Promise<void> {
  for (const table of TAKEN) await env.DB.exec(`DROP TRIGGER full_${table}`);
}

async function deliver(queue: string): Promise<void> {
  const messages = outcomes.map((body, i) => ({ id: `m${i}`, body, attempts: 1, ack() {}, retry() {} }));
  const batch = { queue, messages, ackAll() {}, retryAll() {} } as unknown as MessageBatch<string>; // as far as it is used
  await consume(batch, hub, { waitUntil() {} } as unknown as ExecutionContext); // as far as it is used
}

async function health() {
  const { health: told } = await readHubFacts({
    db,
    settings: { ...hub.settings, LOCAL_QUEUES: false },
    now: systemClock.now,
    nats: async () => null,
    pipelineHealth: async () => boardOf(env).report(),
  });
  return told;
}

it("checks and statuses go on, the hub's health names the loss, and with room again all is recorded", async () => {
  await fill();
  const round = { lane: check.lane, due_at: Date.now() - 1_000, attempt: 0 };
  await runRound({ round, vantage: "home", not_before: 0, checks: [check] }, probeDeps(hub));
  const entries = await boardOf(env).entries();
  expect(entries.find((each) => each.check.service_id === id)?.live).toMatchObject({ status: "down" });
  expect(outcomes).toHaveLength(1);
  expect(await serviceFlips(db, id, 9)).toEqual([]);

  await boardOf(env).planned(Date.now());
  await expect(deliver("hub-outcomes")).rejects.toThrow();
  await expect(deliver("hub-outcomes-dead")).rejects.toThrow();
  const told = await health();
  expect(told.status).not.toBe("fail");
  expect(told.checks["database:size"]).toMatchObject([{ status: "pass", observedUnit: "bytes" }]);
  expect(told.checks["queues:deadLetters"]).toMatchObject([
    {
      status: "warn",
      output: expect.stringMatching(
        /^1 batch of results is not recorded, the last at \S+ \(the database is full, and nothing more/,
      ),
    },
  ]);
  expect(told.checks["queues:deadLetters"]?.[0]?.output).toContain(FULL);

  await makeRoom();
  await deliver("hub-outcomes-dead");
  expect((await health()).checks["queues:deadLetters"]).toMatchObject([{ status: "pass", observedValue: 0 }]);
  expect(await serviceFlips(db, id, 9)).toMatchObject([{ to: "down" }]);
  // The queue of the runtime may have brought a round of its own since.
  const kept = (await db.select().from(rounds)).filter(({ due_at }) => due_at === round.due_at);
  expect(kept).toMatchObject([{ lane: round.lane, attempt: 0 }]);
});

it("old rows are still deleted, and days merged, so that there is room again", async () => {
  const now = Math.floor(Date.now() / DAY_MS) * DAY_MS + 10 * 3_600_000 + 16 * 60_000;
  const hour = { checks: 1, failures: 0, min: null, max: null, histogram: "[]" };
  const old = Math.floor(now / DAY_MS) * DAY_MS;
  await db.insert(rollups).values([
    { ...hour, service_id: id, hour: old - 61 * DAY_MS },
    { ...hour, service_id: id, hour: old - 800 * DAY_MS },
  ]);
  await setMeta(db, RAW_SINCE_KEY, now - 2 * DAY_MS);
  await setMeta(db, "clock_run", { since: now - 2 * DAY_MS, seen: now - 60_000 });
  await fill();
  await maintain(now, hub); // merges both, the older one too
  expect(await db.select().from(rollups)).toEqual([]);
  expect(await db.select().from(dailyRollups)).toHaveLength(2);
  await maintain(now + 60_000, hub); // deletes what is two years old
  expect((await db.select().from(dailyRollups)).map(({ day }) => day)).toEqual([old - 61 * DAY_MS]);
  await makeRoom();
});
