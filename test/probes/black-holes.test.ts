/**
 * What a host that answers no attempt to connect does to its neighbours, in workerd: there, too, a closed attempt goes
 * on. Only Cloudflare lets others wait for it, so the tests look at when probes begin.
 */
import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { parseSettings } from "../../src/core/hub/settings.ts";
import { WORKER_SLOTS } from "../../src/core/lane/slots.ts";
import type { Check } from "../../src/core/service/check.ts";
import type { Observation } from "../../src/core/service/records.ts";
import { systemClock } from "../../src/platform/system-clock.ts";
import { makeSlots, probeAll } from "../../src/probes/probe-all.ts";
import { probeInSlot } from "../../src/probes/probe-in-slot.ts";
import { Slots } from "../../src/probes/slots.ts";
import { aCheck } from "../core/fixtures.ts";
import { contextWith, runCheck } from "./run-check.ts";

const { black_hole, redis } = inject("servers");
const TIMEOUT_S = 1;
const HELD_MS = 2_000;

const tcp = (service_id: number, port: number): Check =>
  aCheck({ service_id, health_method: "tcp", health_url: `127.0.0.1:${port}`, health_timeout: TIMEOUT_S });
const holes = [1, 2, 3].map((id) => tcp(id, black_hole));
const neighbour = tcp(9, redis.open);

interface Began extends Observation {
  afterMs: number;
}

async function round(checks: Check[], slots: Slots): Promise<Map<number, Began>> {
  const found = new Map<number, Began>();
  const start = Date.now();
  const probing = { settings: parseSettings(env), clock: systemClock, vars: env, place: { slots } };
  await probeAll(checks, "home", probing, async ({ check, observation }) => {
    found.set(check.service_id, { ...observation, afterMs: observation.at - start });
  });
  return found;
}

it("a neighbour begins when their connections are given up, and not at all later once they are known", async () => {
  const slots = new Slots({ ...WORKER_SLOTS, heldMs: HELD_MS });
  const first = await round([...holes, neighbour], slots);
  for (const hole of holes) {
    expect(first.get(hole.service_id)).toMatchObject({ verdict: "fail", error: "timeout after 1 s: connecting" });
  }
  expect(first.get(9)?.verdict).toBe("ok");
  expect(first.get(9)?.afterMs).toBeGreaterThan(TIMEOUT_S * 1_000 + HELD_MS - 100);

  const second = await round([...holes, neighbour], slots);
  expect(second.get(9)?.verdict).toBe("ok");
  expect(second.get(9)?.afterMs).toBeLessThan(second.get(3)?.afterMs ?? 0);
  expect(second.get(3)?.afterMs).toBeGreaterThan(TIMEOUT_S * 1_000 + HELD_MS - 100);
});

it("who gets no connection because of them is inconclusive, and not down", async () => {
  const slots = new Slots({ ...WORKER_SLOTS, tcp: 1, heldMs: HELD_MS });
  const context = contextWith();
  void probeInSlot(tcp(1, black_hole), context, { slots }, 0);
  const found = await probeInSlot(neighbour, context, { slots }, TIMEOUT_S * 1_000 + HELD_MS / 2);
  expect(found).toMatchObject({
    verdict: "inconclusive",
    latency_ms: null,
    error: "no connection was free: for 2 s hosts that do not answer held them",
  });
});

it("a round knows who hung in another invocation, and keeps one of six connections for the hub", async () => {
  const settings = parseSettings({ ...env, LOCAL_QUEUES: "false" });
  const begun = async (host: (n: number) => string) => {
    const slots = makeSlots(settings);
    let count = 0;
    const tasks = Array.from({ length: 8 }, (_, n) =>
      slots.run({ kind: "http", host: host(n), patienceMs: 0 }, async () => {
        count += 1;
        await scheduler.wait(50);
      }),
    );
    await Promise.allSettled(tasks);
    return count;
  };
  expect(await begun((n) => `host${n}:80`)).toBe(5);
  const before = makeSlots(settings);
  for (const host of ["host1:80", "host2:80", "host3:80"]) {
    await before.run({ kind: "http", host, patienceMs: 0 }, async (seat) => seat.hung());
  }
  expect(await begun((n) => `host${(n % 3) + 1}:80`)).toBe(2);
});

it("nothing is opened after the probe has ended", async () => {
  let opened = 0;
  const context = {
    fetchesAddresses: false,
    fetch: async () => {
      await scheduler.wait(TIMEOUT_S * 1_000 + 200);
      return new Response(null, { status: 302, headers: { location: "http://192.0.2.1/" } });
    },
    connect: () => {
      opened += 1;
      throw new Error("opened");
    },
  };
  const check = { health_url: "http://slow.example.com/", health_timeout: TIMEOUT_S };
  expect(await runCheck(check, true, context)).toMatchObject({ error: expect.stringMatching(/^timeout after 1 s/) });
  await scheduler.wait(400);
  expect(opened).toBe(0);
});
