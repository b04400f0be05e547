import { expect, it } from "vitest";
import type { Check, OutcomesMessage, ProbeMessage } from "../../src/core/records.ts";
import { type RegisterDeps, registryChanged } from "../../src/pipeline/register.ts";
import { aCheck, T0 } from "../core/fixtures.ts";

function fakeDeps() {
  const calls: unknown[][] = [];
  const sent: ProbeMessage[] = [];
  const recorded: OutcomesMessage[] = [];
  const ids = (checks: Check[]) => checks.map((check) => check.service_id);
  const deps: RegisterDeps = {
    now: () => T0 + 5_000,
    vantages: [],
    close: async (check) => {
      calls.push(["close", check.service_id]);
      const { service_id, project_id, project, name, service_type } = check;
      const at = new Date(T0).toISOString();
      const flip = {
        seq: 2,
        from: "up",
        to: "unknown",
        reason: "deregistered",
        at,
        began_at: at,
        evidence: [],
      } as const;
      return [
        { ...flip, evidence: [], service_id, project_id, project, name, service_type, version: null, latency_ms: null },
      ];
    },
    record: async (message) => void recorded.push(message),
    send: async (messages) => void sent.push(...messages),
    boardAdd: async (checks, created, lanes) => void calls.push(["add", ids(checks), created, lanes]),
    boardRemove: async (checks) => void calls.push(["remove", ids(checks)]),
    announce: async (event, checks) => void calls.push([event, ids(checks)]),
    announceFlips: async (flips) => void calls.push(["flips", flips.map((flip) => flip.service_id)]),
  };
  return { deps, calls, sent, recorded };
}

const item = (service_id: number, lane: number | null, created: boolean) => ({
  check: aCheck({ service_id }),
  lane,
  status: "unknown" as const,
  status_since: T0,
  created,
});

it("a newcomer is checked at once and at the due times that are planned already", async () => {
  const { deps, sent, calls } = fakeDeps();
  await registryChanged({ registered: [item(1, 3_000_000, true), item(2, 3_000_000, false)], deregistered: [] }, deps);
  expect(sent.map(({ round }) => round.due_at - T0)).toEqual([5_000, 30_000, 60_000]);
  expect(sent[0]?.checks).toHaveLength(2);
  expect(calls).toEqual([
    ["add", [1, 2], [1], [3_000_000, 3_000_000]],
    ["registered", [1]],
  ]);
});

it("what reports by itself is shown, not probed; a mere change is not announced", async () => {
  const { deps, sent, calls } = fakeDeps();
  await registryChanged({ registered: [item(3, null, false)], deregistered: [] }, deps);
  expect(sent).toEqual([]);
  expect(calls).toEqual([["add", [3], [], [null]]]);
});

it("what is deregistered is closed, its flips are recorded, it leaves the board and is announced", async () => {
  const { deps, calls, recorded } = fakeDeps();
  const deregistered = Array.from({ length: 90 }, (_, n) => ({
    check: aCheck({ service_id: n + 1 }),
    reason: "deregistered",
  }));
  await registryChanged({ registered: [], deregistered }, deps);
  expect(recorded.map((message) => message.flips.length)).toEqual([40, 40, 10]);
  expect(calls.filter(([what]) => what === "close")).toHaveLength(90);
  expect(calls.slice(-3).map(([what]) => what)).toEqual(["remove", "flips", "deregistered"]);
});

it("nothing follows from no change", async () => {
  const { deps, calls, sent } = fakeDeps();
  await registryChanged({ registered: [], deregistered: [] }, deps);
  expect([calls, sent]).toEqual([[], []]);
});
