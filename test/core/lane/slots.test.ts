import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LANE_SIZE } from "../../../src/core/lane/lanes.ts";
import {
  CHECKS_ELSEWHERE,
  hasRoom,
  LOCAL_SLOTS,
  lastStart,
  MAX_ELSEWHERE,
  ROUNDS_A_MESSAGE,
  roundLimit,
  SLOTS_ELSEWHERE,
  WORKER_SLOTS,
} from "../../../src/core/lane/slots.ts";
import { MAX_PROBE_TIMEOUT_S } from "../../../src/core/service/records.ts";
import { LAST_START_MS } from "../../../src/core/time/durations.ts";
import { aCheck } from "../fixtures.ts";

function batchOf(queue: string): { max_batch_size: number } {
  const text = readFileSync(new URL("../../../wrangler.toml", import.meta.url), "utf8");
  const [, consumer = ""] = text.split(`[[queues.consumers]]\nqueue = "${queue}"`);
  return { max_batch_size: Number(/^max_batch_size = (\d+)$/m.exec(consumer)?.[1]) };
}

const LIMITS = { total: 5, tcp: 3, perHost: 3, hung: 2, heldMs: 25_000 };
const isHung = (host: string) => host.startsWith("hole");

/** Connections as `http` or `tcp` and a host. */
function taken(...places: ["http" | "tcp", string][]) {
  const perHost = new Map<string, number>();
  for (const [, host] of places) perHost.set(host, (perHost.get(host) ?? 0) + 1);
  return { total: places.length, tcp: places.filter(([kind]) => kind === "tcp").length, quiet: 0, perHost };
}
const may = (kind: "http" | "tcp", host: string, ...places: ["http" | "tcp", string][]) =>
  hasRoom({ kind, host }, taken(...places), isHung, LIMITS);

describe("a connection may begin", () => {
  it("while fewer than the limits are open in all, of its kind and to its host", () => {
    expect(may("http", "a", ["http", "b"], ["http", "c"], ["http", "d"], ["http", "e"])).toBe(true);
    expect(may("http", "a", ["http", "b"], ["http", "c"], ["http", "d"], ["http", "e"], ["http", "f"])).toBe(false);
    expect(may("tcp", "a", ["tcp", "b"], ["tcp", "c"], ["tcp", "d"])).toBe(false);
    expect(may("http", "a", ["tcp", "b"], ["tcp", "c"], ["tcp", "d"])).toBe(true);
    expect(may("http", "a", ["http", "a"], ["http", "a"], ["http", "a"])).toBe(false);
  });
  it("to a host that hangs only in the share of those, whichever of them have it", () => {
    expect(may("tcp", "hole1", ["tcp", "hole2"])).toBe(true);
    expect(may("tcp", "hole1", ["tcp", "hole2"], ["http", "hole3"])).toBe(false);
    expect(may("http", "hole1", ["http", "hole1"], ["http", "hole1"])).toBe(false);
    expect(may("tcp", "a", ["tcp", "hole2"], ["http", "hole3"])).toBe(true);
  });
});

describe("the limits", () => {
  it("leave one of six connections of a Worker to the hub itself", () => {
    expect(WORKER_SLOTS.total).toBe(5);
  });
  it("of a Worker leave more sockets than those that hosts may hold that hang", () => {
    expect(WORKER_SLOTS.hung).toBeLessThan(WORKER_SLOTS.tcp);
    expect(WORKER_SLOTS.tcp).toBeLessThan(WORKER_SLOTS.total);
  });
  it("let each check of a further invocation have a socket at once, whoever hangs", () => {
    const { tcp, hung, perHost } = SLOTS_ELSEWHERE;
    expect(Math.min(tcp, hung, perHost)).toBeGreaterThanOrEqual(CHECKS_ELSEWHERE);
  });
  it("leave enough further invocations for the rounds of a batch, when all of their checks hang", () => {
    const { max_batch_size } = batchOf("commandcenter-hub-probes");
    expect(Math.ceil((max_batch_size * ROUNDS_A_MESSAGE * LANE_SIZE) / CHECKS_ELSEWHERE)).toBeLessThanOrEqual(
      MAX_ELSEWHERE,
    );
  });
  it("of a machine let hosts that hang hold sockets of their own, and leave files for everything else", () => {
    const quiet = { ...taken(), quiet: 511 };
    expect(hasRoom({ kind: "tcp", host: "hole" }, { ...quiet, total: 48, tcp: 24 }, isHung, LOCAL_SLOTS)).toBe(true);
    expect(hasRoom({ kind: "tcp", host: "a" }, { ...quiet, total: 48, tcp: 24 }, isHung, LOCAL_SLOTS)).toBe(false);
    expect(hasRoom({ kind: "tcp", host: "a" }, { ...quiet, quiet: 512 }, isHung, LOCAL_SLOTS)).toBe(true);
    expect(LOCAL_SLOTS.hung + LOCAL_SLOTS.total).toBeLessThan(1_024 - 256);
  });
});

describe("a round", () => {
  const checks = (count: number, health_timeout: number) =>
    Array.from({ length: count }, () => aCheck({ health_timeout }));
  it("at home ends within the 15 minutes of a consumer, whatever the timeouts and delays", () => {
    const delayed = checks(24, MAX_PROBE_TIMEOUT_S).map((check) => ({ ...check, after_ms: 400_000 }));
    expect(lastStart(delayed, "home")).toBe(LAST_START_MS);
    expect(roundLimit(delayed, "home")).toBe(660_000);
    expect(roundLimit(delayed, "home")).toBeLessThan(15 * 60_000);
  });
  it("at an agent takes no longer than its probes, and the time that connections are held which hang", () => {
    expect(roundLimit([], "agent:a")).toBe(0);
    expect(roundLimit(checks(2, 5), "agent:a")).toBe(5_000);
    expect(roundLimit(checks(3, 5), "agent:a")).toBe(25_000 + 5_000);
    const late = { ...aCheck({ health_timeout: 30 }), after_ms: 400 };
    expect(roundLimit([...checks(12, 5), late], "agent:a")).toBe(400 + 3 * 30_000 + 30_000);
  });
  it("in a region begins at once, for each of its checks has a connection", () => {
    expect(roundLimit(checks(24, 5), "weur")).toBe(5_000);
    const late = { ...aCheck({ health_timeout: 30 }), after_ms: 400 };
    expect(roundLimit([...checks(12, 5), late], "weur")).toBe(400 + 30_000);
  });
  it("elsewhere begins nothing later than at home", () => {
    expect(lastStart(checks(240, 60), "agent:a")).toBe(LAST_START_MS);
  });
});
