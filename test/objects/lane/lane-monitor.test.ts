/** A lane's monitor in the runtime: what it stores, and what is left of it. */
import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Check } from "../../../src/core/service/check.ts";
import type { LaneMonitorRpc } from "../../../src/platform/bindings.ts";
import { aCheck, aFailure, anObservation, aRound, T0 } from "../../core/fixtures.ts";

let id: DurableObjectId;
beforeEach(() => {
  id = env.LANE_MONITOR.newUniqueId();
});
afterEach(() => vi.useRealTimers());

const lane = (): DurableObjectStub<LaneMonitorRpc> => env.LANE_MONITOR.get(id);
const checks = Array.from({ length: 24 }, (_, n) => aCheck({ service_id: n + 1, health_retries: 0 }));
const gone = (check: Check) => ({ check, reason: "deregistered", deleted: true });

async function rows(): Promise<number> {
  return await runInDurableObject(lane(), async (_, { storage }) => [...storage.kv.list()].length);
}

async function observe(all: Check[], at: number, ok = true) {
  const findings = all.map((check) => ({ check, observation: ok ? anObservation({ at }) : aFailure({ at }) }));
  return (await lane().observe(aRound({ due_at: at }), findings, [])).results;
}

it("judges a round of 24 services in one call and knows their states after an eviction", async () => {
  const first = await observe(checks, T0);
  expect(first.map((judgement) => judgement?.live.status)).toEqual(Array(24).fill("up"));
  await abortAllDurableObjects();
  const second = await observe(checks, T0 + 30_000, false);
  expect(second.map((judgement) => judgement?.flips.map(({ to }) => to))).toEqual(Array(24).fill(["up", "down"]));
});

it("writes nothing for a check that changes nothing", async () => {
  await observe(checks, T0);
  await runInDurableObject(lane(), async (_, { storage }) => {
    vi.spyOn(storage.kv, "put").mockImplementation(() => {
      throw new Error("wrote");
    });
  });
  expect(await observe(checks, T0 + 30_000)).toHaveLength(24);
});

it("begins with the recorded status when it knows nothing of a service, and makes up no flip", async () => {
  const down = aCheck({ recorded_status: "down", recorded_since: T0 - 60_000, recorded_seq: 3 });
  const [judgement] = await observe([down], T0, false);
  expect(judgement).toMatchObject({ live: { status: "down", since: T0 - 60_000, flip_seq: 3 }, flips: [] });
});

it("keeps only a tombstone of a deleted service, which refuses late rounds, and in the end nothing at all", async () => {
  const [one, other] = [checks[0] ?? aCheck(), checks[1] ?? aCheck()];
  await observe([one, other], T0);
  const { results } = await lane().close([gone(one)], Date.now());
  expect(results[0]?.flips.map(({ to }) => to)).toEqual(["up", "unknown"]);
  expect(await observe([one], T0 + 1_000)).toEqual([null]);
  await lane().close([gone(other)], Date.now());
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_601_000 });
  await runDurableObjectAlarm(lane());
  expect(await rows()).toBe(0);
  expect(await runInDurableObject(lane(), (_, { storage }) => storage.getAlarm())).toBeNull();
});

it("keeps what is still needed when the tombstones go", async () => {
  const [one, other] = [checks[0] ?? aCheck(), checks[1] ?? aCheck()];
  await observe([one, other], T0);
  await lane().close([gone(one)], Date.now());
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_601_000 });
  await runDurableObjectAlarm(lane());
  await abortAllDurableObjects();
  expect(await rows()).toBe(1);
  expect((await observe([other], T0 + 1_000))[0]?.live.flip_seq).toBe(1);
});

it("ends the watch over a service that is deleted, also for a caller who knows an older revision", async () => {
  const check = aCheck({ service_id: 8, rev: 3, health_retries: 0 });
  await observe([check], T0);
  const closing = (deleted: boolean) =>
    lane().close([{ check: { ...check, rev: 2 }, reason: "gone", deleted }], T0 + 1);
  expect((await closing(false)).results).toMatchObject([{ live: { status: "up" } }]);
  expect((await closing(true)).results).toMatchObject([{ live: { status: "unknown" } }]);
  expect(await observe([check], T0 + 5_000)).toEqual([null]);
});

it("hands a service over to another lane, through crashes of both", async () => {
  const before = aCheck({ health_retries: 0 });
  await observe([before], T0, false);
  const after = { ...before, rev: 2, lane: 6_000_000, former_lanes: [before.lane] };
  const leaver = { service_id: before.service_id, epoch: "", rev: 2 };
  await lane().release([leaver], Date.now());
  await abortAllDurableObjects();
  const [released] = await lane().release([leaver], Date.now());
  const former = id;
  id = env.LANE_MONITOR.newUniqueId();
  expect((await lane().observe(aRound(), [{ check: after, observation: aFailure() }], [])).strangers).toEqual([7]);
  await lane().adopt([{ check: after, state: released?.state ?? null }]);
  await abortAllDurableObjects();
  const answer = await lane().observe(aRound({ due_at: T0 + 9 }), [{ check: after, observation: aFailure() }], []);
  expect(answer).toMatchObject({ results: [{ live: { status: "down", flip_seq: 1 } }], strangers: [] });
  expect(answer.unsettled).toEqual([{ service_id: 7, lane: before.lane }]);
  await lane().settle([7]);
  id = former;
  await lane().forget([leaver], Date.now());
  expect(await lane().release([leaver], Date.now())).toMatchObject([{ state: null, superseded: false }]);
});

const beating = aCheck({ health_method: "heartbeat", health_url: "", health_interval: 40, recorded_status: "up" });

async function beat(at: number) {
  return (await observe([beating], at))[0];
}

it("a beat that repeats another one is counted against silence, and nothing is written for it", async () => {
  expect((await beat(T0))?.repeats).toBeUndefined();
  expect((await beat(T0 + 1_000))?.repeats).toBeUndefined();
  expect((await beat(T0 + 2_000))?.repeats).toBe(true); // from now on it is known as one that beats often
  await runInDurableObject(lane(), async (_, { storage }) => {
    vi.spyOn(storage.kv, "put").mockImplementation(() => {
      throw new Error("wrote");
    });
  });
  expect(await beat(T0 + 5_000)).toMatchObject({ repeats: true, live: { status: "up", last_at: T0 + 5_000 } });
  // The board knows of the first only.
  const { results } = await lane().expire([{ check: beating, last_at: T0 }], T0 + 71_000);
  expect(results[0]).toMatchObject({ live: { status: "up", last_at: T0 + 5_000 }, flips: [] });
});

it("after an eviction, a heartbeat that never repeated itself is silent as soon as ever", async () => {
  await beat(T0);
  await beat(T0 + 20_000);
  await abortAllDurableObjects();
  const { results } = await lane().expire([{ check: beating, last_at: T0 + 20_000 }], T0 + 90_500);
  expect(results[0]?.live.status).toBe("down");
});

it("after an eviction, a beat that may have been forgotten puts the end of a silence off by so much", async () => {
  await beat(T0 - 1_000);
  await beat(T0);
  await beat(T0 + 5_000); // stored, because it is the first one that repeats another
  await beat(T0 + 9_000);
  await abortAllDurableObjects();
  const silentFor = async (ms: number) => {
    const { results } = await lane().expire([{ check: beating, last_at: T0 }], T0 + ms);
    return results[0]?.live.status;
  };
  // 40 s and a grace of 30 s after the beat that is known, and a quarter of the interval.
  expect(await silentFor(84_500)).toBe("up");
  expect(await silentFor(85_500)).toBe("down");
});
