/** Objects that an earlier release stored, key by key as it wrote them, are read by this one. */
import { applyD1Migrations, evictDurableObject, runInDurableObject, SELF } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { boardOf, laneMonitorOf } from "../../src/platform/object-stubs.ts";
import { aCheck, anObservation, aRound } from "../core/fixtures.ts";

const HEADERS = { authorization: "Bearer test-admin-token-0000", "content-type": "application/json" };
const MINUTE_MS = 60_000;

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

async function store(stub: DurableObjectStub, kept: Record<string, unknown>): Promise<void> {
  await runInDurableObject(stub, (_object, { storage }) => {
    for (const [key, value] of Object.entries(kept)) storage.kv.put(key, value);
  });
  await evictDurableObject(stub);
}

it("the board knows its tickets, dead letters, downtimes, refused reports and streaks", async () => {
  const body = JSON.stringify({ health_method: "heartbeat", health_interval: 3_600 });
  const put = { method: "PUT", headers: HEADERS, body };
  const { id } = await (await SELF.fetch("http://hub/api/projects/p/services/beats", put)).json<{ id: number }>();
  const board = boardOf(env);
  const now = Date.now();
  const [from, to] = [now - 30 * MINUTE_MS, now - 20 * MINUTE_MS];
  await store(board, {
    planned_at: now - MINUTE_MS,
    dead_letters: [{ id: "m1", queue: "hub-probes-dead", at: now }],
    "ticket:abc": { scope: "read", key: null, projects: null, until: now + 20_000 },
    [`marks:${id}`]: { consecutive_failures: 3, flapping: true, unseen_from: ["weur"] },
    deaf_to: [[id, now - MINUTE_MS]],
    hearing_since: now - 20 * MINUTE_MS,
    awake_at: now - MINUTE_MS,
    awake_marks: { newest: now - MINUTE_MS, behind: null },
    [`gap:${String(from).padStart(15, "0")}`]: to,
    [`probes-gap:${String(from - 60 * MINUTE_MS).padStart(15, "0")}`]: to - 60 * MINUTE_MS,
  });
  expect(await board.report()).toMatchObject({ planned_at: now - MINUTE_MS, dead_letters: 1 });
  expect(await board.redeemTicket("abc")).toEqual({ scope: "read", key: null, projects: null });
  expect(await board.gaps()).toEqual([
    { from: from - 60 * MINUTE_MS, to: to - 60 * MINUTE_MS, only_probes: true },
    { from, to, only_probes: false },
  ]);
  expect(await board.refusedUntil([id])).toEqual([{ id, until: now - MINUTE_MS }]);
  const [known] = await board.read([id]);
  expect(known?.live).toMatchObject({ consecutive_failures: 3, flapping: true, unseen_from: ["weur"] });
  await runInDurableObject(board, (_object, { storage }) => {
    expect(storage.kv.get("hearing_since")).toBe(now - 20 * MINUTE_MS);
  });
});

it("a lane goes on with a streak and a status, without the fields that came later", async () => {
  const at = Date.now();
  const lane = 3_000_007;
  const state = {
    rev: 1,
    closed: false,
    status: "down",
    since: at - MINUTE_MS,
    seq: 5,
    failures: 4,
    failing_since: at - 2 * MINUTE_MS,
    attempts: [],
    retry: null,
    flap: { flapping: false, times: [] },
    unseen_from: [],
    last_at: at - 30_000,
    latency_ms: null,
    error: "connect: refused",
    details: {},
    version: null,
    last_round: { due_at: at - 30_000, attempt: 0 },
    flips: [],
  };
  const monitor = laneMonitorOf(env, lane);
  await store(monitor, { epoch: "e1", "service:7": { state, left: null, unsettled: [] } });
  const check = aCheck({ service_id: 7, lane, epoch: "e1", recorded_status: "down", recorded_seq: 5 });
  const finding = { check, observation: anObservation({ at }) };
  const { results } = await monitor.observe(aRound({ lane, due_at: at }), [finding], []);
  expect(results).toMatchObject([{ live: { status: "up" }, flips: [{ seq: 6, from: "down", to: "up" }] }]);
});
