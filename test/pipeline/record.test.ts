import { expect, it } from "vitest";
import type { OutcomesMessage } from "../../src/core/queue-messages.ts";
import type { RecordedFlip } from "../../src/core/records.ts";
import { distinctFlips, record } from "../../src/pipeline/record.ts";
import { T0 } from "../core/fixtures.ts";

const flip = (service_id: number, seq: number): RecordedFlip => ({
  service_id,
  seq,
  from: "up",
  to: "down",
  reason: "connect: refused",
  at: new Date(T0).toISOString(),
  began_at: new Date(T0).toISOString(),
  evidence: [],
  project_id: 1,
  epoch: "",
  project: "shop",
  name: "api",
  service_type: "api",
  version: null,
  latency_ms: null,
});

const message = (flips: RecordedFlip[]): OutcomesMessage => ({
  round: { lane: 1, due_at: T0, attempt: 0 },
  epoch: "",
  vantage: "home",
  started_at: T0,
  results: [],
  flips,
  versions: [],
});

it("announces each flip once, in order for each service, before it is stored", async () => {
  const steps: unknown[] = [];
  await record([message([flip(2, 4), flip(1, 2)]), message([flip(1, 1), flip(2, 4)])], {
    now: () => T0,
    announce: async (flips) => void steps.push(flips.map(({ service_id, seq }) => [service_id, seq])),
    store: async (messages) => void steps.push(messages.length),
    recorded: async (at) => void steps.push(at),
  });
  expect(steps).toEqual([
    [
      [1, 1],
      [1, 2],
      [2, 4],
    ],
    2,
    T0,
  ]);
});

it("has nothing to announce without flips", async () => {
  const announced: unknown[] = [];
  const deps = { now: () => T0, store: async () => {}, recorded: async () => {} };
  await record([message([])], { ...deps, announce: async (flips) => void announced.push(flips) });
  expect(announced).toEqual([]);
  expect(distinctFlips([])).toEqual([]);
});

it("throws when the database is away, so that the queue keeps the batch", async () => {
  const deps = { now: () => T0, announce: async () => {}, recorded: async () => {} };
  await expect(
    record([message([])], { ...deps, store: () => Promise.reject(new Error("D1 is away")) }),
  ).rejects.toThrow();
});

it("stores the rounds without the flips when these can't be announced, and throws for the repeat", async () => {
  const stored: OutcomesMessage[] = [];
  const given = [message([flip(1, 1)]), message([])];
  const deps = {
    now: () => T0,
    recorded: async () => {},
    store: async (all: OutcomesMessage[]) => void stored.push(...all),
  };
  const away = record(given, { ...deps, announce: () => Promise.reject(new Error("no bridge")) });
  await expect(away).rejects.toThrow("no bridge");
  expect(stored).toEqual([message([]), message([])]);
  await record(given, { ...deps, announce: async () => {} });
  expect(stored.slice(2)).toEqual(given);
});
