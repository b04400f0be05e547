import { expect, it } from "vitest";
import { unknownState } from "../../src/core/board/board-entry.ts";
import type { OutcomesMessage, ProbeMessage } from "../../src/core/lane/queue-messages.ts";
import type { Check } from "../../src/core/service/check.ts";
import { systemClock } from "../../src/node/system-clock.ts";
import { type RegisterDeps, registryChanged } from "../../src/pipeline/register.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

function fakeDeps() {
  const calls: unknown[][] = [];
  const sent: ProbeMessage[] = [];
  const recorded: OutcomesMessage[] = [];
  const ids = (checks: Check[]) => checks.map((check) => check.service_id);
  const deps: RegisterDeps = {
    now: () => T0 + 5_000,
    wait: systemClock.wait,
    failed: (lane) => void calls.push(["failed", lane]),
    vantages: [],
    close: async (lane, closing) => {
      calls.push(["close", lane, closing.length]);
      const at = new Date(T0).toISOString();
      return closing.map(({ check: { service_id } }) => {
        const evidence = Array(11).fill({ at, vantage: "home", ok: false, latency_ms: null, error: "x".repeat(300) });
        const flip = { seq: 2, from: "up", to: "unknown", reason: "deregistered", at, began_at: at, evidence } as const;
        return { live: unknownState(T0), flips: [{ ...flip, service_id, evidence }] };
      });
    },
    record: async (message) => void recorded.push(message),
    send: async (messages) => void sent.push(...messages),
    boardAdd: async (checks, created) => void calls.push(["add", ids(checks), created]),
    boardRemove: async (leaving, flips) =>
      void calls.push(["remove", leaving.map(({ service_id }) => service_id), flips.length]),
  };
  return { deps, calls, sent, recorded };
}

const item = (service_id: number, lane: number, created: boolean, revised = true) => ({
  check: aCheck({ service_id, lane }),
  created,
  revised,
});

it("a newcomer is checked at once and at the due times that are planned already", async () => {
  const { deps, sent, calls } = fakeDeps();
  await registryChanged({ registered: [item(1, 3_000_000, true), item(2, 3_000_000, false)], deregistered: [] }, deps);
  expect(sent.map(({ round }) => round.due_at - T0)).toEqual([5_000, 30_000, 60_000]);
  expect(sent[0]?.checks).toHaveLength(2);
  expect(calls).toEqual([["add", [1, 2], [1]]]);
});

it("what is checked as before keeps its planned rounds and gets no others", async () => {
  const { deps, sent, calls } = fakeDeps();
  await registryChanged({ registered: [item(1, 3_000_000, false, false)], deregistered: [] }, deps);
  expect(sent).toEqual([]);
  expect(calls).toEqual([["add", [1], []]]);
});

it("what reports by itself is shown, not probed", async () => {
  const { deps, sent, calls } = fakeDeps();
  await registryChanged({ registered: [item(3, 3_050_000, false)], deregistered: [] }, deps);
  expect(sent).toEqual([]);
  expect(calls).toEqual([["add", [3], []]]);
});

it("what is deregistered is closed, its flips are recorded, and it leaves the board last", async () => {
  const { deps, calls, recorded } = fakeDeps();
  const deregistered = Array.from({ length: 90 }, (_, n) => ({
    check: aCheck({ service_id: n + 1, lane: 3_000_000 + (n % 4) }),
    reason: "deregistered",
    deleted: true,
  }));
  await registryChanged({ registered: [], deregistered }, deps);
  expect(recorded.flatMap((message) => message.flips)).toHaveLength(90);
  expect(calls.filter(([what]) => what === "close")).toEqual([
    ["close", 3_000_000, 23],
    ["close", 3_000_001, 23],
    ["close", 3_000_002, 22],
    ["close", 3_000_003, 22],
  ]);
  expect(calls.at(-1)).toEqual(["remove", expect.any(Array), 90]);
});

it("nothing follows from no change", async () => {
  const { deps, calls, sent } = fakeDeps();
  await registryChanged({ registered: [], deregistered: [] }, deps);
  expect([calls, sent]).toEqual([[], []]);
});

it("a lane that does not answer keeps its services, and costs no others their end", async () => {
  const { deps, calls } = fakeDeps();
  const closing = (service_id: number, lane: number) => ({
    check: aCheck({ service_id, lane }),
    reason: "x",
    deleted: true,
  });
  const { close } = deps;
  const away = {
    ...deps,
    close: (lane: number, all: Parameters<typeof close>[1]) =>
      lane === 2 ? new Promise<never>(() => {}) : close(lane, all),
  };
  const quick = { ...away, wait: async (ms: number, signal?: AbortSignal) => systemClock.wait(ms / 100, signal) };
  const left = await registryChanged({ registered: [], deregistered: [closing(1, 1), closing(2, 2)] }, quick);
  expect(left.map(({ check }) => check.service_id)).toEqual([2]);
  expect(calls.filter(([what]) => what === "remove" || what === "failed")).toEqual([
    ["failed", 2],
    ["remove", [1], 1],
  ]);
});
