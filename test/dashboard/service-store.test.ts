import { beforeEach, describe, expect, test } from "vitest";
import type { FlipFrame } from "../../src/core/board/live-protocol.ts";
import type { Status } from "../../src/core/service/records.ts";
import { ServiceStore } from "../../src/dashboard/live/service-store.ts";
import { aLite, aService, iso, NOW } from "./rows.ts";

let store: ServiceStore;
let due: (() => void)[];
const tellNow = () => {
  for (const run of due.splice(0)) run();
};
const row = (id: number) => store.read().rows.get(id);

function aFlip(over: Partial<FlipFrame> = {}): FlipFrame {
  return {
    type: "flip",
    seq: 11,
    flip_seq: 1,
    service_id: 1,
    project_id: 1,
    project: "shop",
    name: "db",
    from: "up",
    to: "down",
    reason: "connect: refused",
    at: iso(NOW),
    began_at: iso(NOW),
    evidence: [],
    service_type: "database",
    version: null,
    latency_ms: null,
    ...over,
  };
}

beforeEach(() => {
  due = [];
  store = new ServiceStore((run) => due.push(run));
  store.apply({ type: "snapshot", at: "", seq: 10, services: [aLite(), aLite({ id: 2, name: "api" })] });
});

describe("the live store", () => {
  test("knows from the snapshot what there is, at once", () => {
    expect(store.read().ready).toBe(true);
    expect([...store.read().rows.keys()]).toEqual([1, 2]);
  });

  test("tells of a storm of changes once", () => {
    let told = 0;
    store.subscribe(() => {
      told += 1;
    });
    for (let seq = 1; seq <= 100; seq += 1) store.apply(aFlip({ seq, flip_seq: seq, to: seq % 2 ? "down" : "up" }));
    expect(told).toBe(0);
    tellNow();
    expect(told).toBe(1);
    expect(row(1)?.status).toBe("up");
  });

  test("a reader that has unsubscribed is not told", () => {
    let told = 0;
    store.subscribe(() => {
      told += 1;
    })();
    store.apply(aFlip());
    tellNow();
    expect(told).toBe(0);
  });

  test("takes a flip's status, time and reason", () => {
    store.addListed([aService()]);
    store.apply(aFlip());
    tellNow();
    expect(row(1)).toMatchObject({ status: "down", since: NOW, listed: { error: "connect: refused" } });
    expect(store.read().flips).toMatchObject([{ service_id: 1, seq: 1, to: "down" }]);
  });

  test("keeps a flip once, however often it is told, and the newest first", () => {
    const { type: _, flip_seq, ...flip } = aFlip();
    store.apply(aFlip());
    store.apply(aFlip());
    store.addFlips([
      { ...flip, seq: flip_seq },
      { ...flip, seq: 0, at: iso(NOW - 5_000) },
      { ...flip, seq: 2, at: iso(NOW + 5_000) },
    ]);
    tellNow();
    expect(store.read().flips.map(({ seq }) => seq)).toEqual([2, 1, 0]);
  });

  describe("the last checks of a service", () => {
    const checked = (at: number, status: Status = "up") =>
      store.apply({ type: "health", seq: 12, at: "", services: [{ id: 1, status, latency_ms: 5, at: iso(at) }] });
    const past = () => {
      tellNow();
      return row(1)?.past?.checks.map(({ at }) => (at - NOW) / 1_000);
    };
    const stored = (...ats: number[]) =>
      new Map([
        [
          1,
          { interval: 30, checks: ats.map((at) => ({ at: NOW + at * 1_000, status: "up" as const, latency_ms: 5 })) },
        ],
      ]);

    test("are lacking until they are loaded, and then follow the feed", () => {
      expect([store.lacksPast(1), store.lacksPast(99)]).toEqual([true, false]);
      checked(NOW);
      expect(past()).toBeUndefined();
      store.awaitPasts([1]);
      store.addPasts([1], stored(-60, -30));
      expect(store.lacksPast(1)).toBe(false);
      checked(NOW + 30_000);
      expect(past()).toEqual([-60, -30, 30]);
    });

    test("include what the feed sent while they were on their way, once", () => {
      store.awaitPasts([1]);
      checked(NOW);
      checked(NOW + 30_000);
      store.addPasts([1], stored(-30, 0));
      expect(past()).toEqual([-30, 0, 30]);
    });

    test("are lacking again after the feed was away, and stay to be seen meanwhile", () => {
      store.awaitPasts([1]);
      store.addPasts([1], stored(-30));
      store.apply({ type: "snapshot", at: "", seq: 20, services: [aLite()] });
      expect(store.lacksPast(1)).toBe(true);
      expect(past()).toEqual([-30]);
    });

    test("are lacking again of a service that left and came back", () => {
      store.awaitPasts([1]);
      store.addPasts([1], stored(-30));
      store.apply({ type: "deregistered", seq: 11, service: aLite() });
      store.apply({ type: "registered", seq: 12, service: aLite() });
      expect(store.lacksPast(1)).toBe(true);
    });

    test("are kept for a thousand services, those that were seen last", () => {
      const ids = Array.from({ length: 1_100 }, (_, index) => index + 1);
      store.apply({ type: "snapshot", at: "", seq: 20, services: ids.map((id) => aLite({ id, name: `s${id}` })) });
      const pasts = new Map(ids.map((id) => [id, { interval: 30, checks: [] }]));
      store.addPasts(ids, pasts);
      tellNow();
      expect([row(100)?.past, row(101)?.past]).toEqual([null, { interval: 30, checks: [] }]);
    });
  });

  test("a check of the same status does not change since when it is so", () => {
    store.apply({ type: "health", at: "", seq: 11, services: [{ id: 1, status: "up", latency_ms: 7, at: iso(NOW) }] });
    tellNow();
    expect(row(1)).toMatchObject({ since: NOW - 60_000, last_at: NOW, latency_ms: 7 });
  });

  test("a check of a service that nobody told of changes nothing", () => {
    store.apply({ type: "health", at: "", seq: 11, services: [{ id: 99, status: "up", latency_ms: 7, at: iso(NOW) }] });
    tellNow();
    expect(row(99)).toBeUndefined();
  });

  test("registered comes, deregistered goes", () => {
    store.apply({ type: "registered", seq: 11, service: aLite({ id: 3 }) });
    store.apply({ type: "deregistered", seq: 12, service: aLite() });
    tellNow();
    expect([...store.read().rows.keys()]).toEqual([2, 3]);
  });

  test("a new snapshot drops what was deregistered meanwhile and keeps what is disabled", () => {
    store.addListed([aService({ id: 5, enabled: false, health_status: "unknown" })]);
    store.apply({ type: "snapshot", at: "", seq: 20, services: [aLite()] });
    expect([...store.read().rows.keys()].sort((a, b) => a - b)).toEqual([1, 5]);
  });

  test("a list that is older than what the feed told adds its details only", () => {
    store.apply({
      type: "health",
      at: "",
      seq: 11,
      services: [{ id: 1, status: "degraded", latency_ms: 900, at: iso(NOW) }],
    });
    store.addListed([aService({ tags: ["primary"] })]);
    tellNow();
    expect(row(1)).toMatchObject({ status: "degraded", latency_ms: 900, listed: { tags: ["primary"] } });
  });

  test("a service that was disabled is what the list says, whatever the feed told before", () => {
    store.addListed([aService({ enabled: false, health_status: "unknown", last_health_check: null })]);
    tellNow();
    expect(row(1)).toMatchObject({ status: "unknown", listed: { enabled: false } });
  });
});
