import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HubRefused } from "../../src/agent/hub-api.ts";
import { Reporter } from "../../src/agent/reporter.ts";
import { Spool } from "../../src/agent/spool.ts";
import type { AgentReceipt, AgentReport, ReportedObservation } from "../../src/core/agent/agent-protocol.ts";

const TAKEN: AgentReceipt = { now: 0, news: 0, late: 0, untaken: [], states: [], refused: [] };
let folder: string;
let spool: Spool<ReportedObservation>;
let reports: AgentReport[];
let hub: (report: AgentReport) => AgentReceipt;
let logged: string[];
let tooLate: number;
let judged: AgentReceipt["states"];
let reporter: Reporter;
let running: Promise<void>;

const observation = (due_at: number, over: Partial<ReportedObservation> = {}): ReportedObservation => ({
  service_id: 7,
  rev: 1,
  due_at,
  attempt: 0,
  at: due_at,
  verdict: "ok",
  latency_ms: 1,
  error: null,
  details: {},
  ...over,
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
  folder = mkdtempSync(join(tmpdir(), "reporter-"));
  spool = new Spool({ folder, maxBytes: 1e9, fileBytes: 1e6 });
  [reports, logged, tooLate, hub, judged] = [[], [], 0, () => TAKEN, []];
  begin();
});
function begin(): void {
  reporter = new Reporter({
    spool,
    report: async (report) => {
      reports.push(report);
      return hub(report);
    },
    about: () => ({ version: "1", host: "m1", problem: null }),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: Date.now,
    random: () => 0.5,
    log: (line) => void logged.push(line),
    cameTooLate: () => void tooLate++,
    judged: (states) => void judged.push(...states),
  });
  running = reporter.run();
}
afterEach(async () => {
  reporter.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  await running;
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const dues = () => reports.flatMap(({ observations }) => observations.map(({ due_at }) => due_at));
const away = () => {
  throw new TypeError("fetch failed");
};

test("what comes within a moment travels together, soon", async () => {
  for (const n of [1, 2, 3]) reporter.add(observation(n));
  await pass(250);
  reporter.add(observation(4));
  await pass(250);
  expect(reports.map(({ observations }) => observations.length)).toEqual([3, 1]);
  expect(spool.waiting).toBe(0);
});

test("what the agent says of itself while a report is under way needs another report", async () => {
  hub = () => {
    if (reports.length === 1) reporter.announce();
    return TAKEN;
  };
  reporter.announce();
  await pass(1_000);
  expect(reports).toHaveLength(2);
});

test("what the agent says of itself waits while the hub is away", async () => {
  hub = away;
  reporter.announce();
  await pass(10_000);
  hub = () => TAKEN;
  const before = reports.length;
  await pass(60_000);
  expect(reports).toHaveLength(before + 1);
});

test("while the hub is away nothing is lost, and it comes in order once it is back", async () => {
  hub = away;
  for (let n = 0; n < 1_200; n++) {
    reporter.add(observation(n));
    await pass(100);
  }
  const attempts = reports.length;
  expect(attempts).toBeGreaterThan(20);
  expect(attempts).toBeLessThan(60);
  expect(logged).toEqual([expect.stringMatching(/^report failed: fetch failed/)]);
  reports = [];
  hub = () => ({ ...TAKEN, late: 9 });
  await pass(10_000);
  expect(dues()).toEqual(Array.from({ length: 1_200 }, (_, n) => n));
  expect(reports.length).toBeLessThan(6);
  expect(tooLate).toBeGreaterThan(0);
  expect(logged.at(-1)).toBe("the hub takes reports again; 9 observations came too late for its statuses");
});

test("streaks go on when the hub was away, but took in time what it missed", async () => {
  hub = () => {
    throw new Error("fetch failed");
  };
  reporter.add(observation(1));
  await pass(5_000);
  hub = () => ({ ...TAKEN, news: 1 });
  await pass(10_000);
  expect(logged.at(-1)).toBe("the hub takes reports again");
  expect(tooLate).toBe(0);
});

test("one observation that the hub can't read is found and left out, and the others arrive", async () => {
  hub = ({ observations }) => {
    if (observations.some(({ due_at }) => due_at === 13)) throw new HubRefused(400, "due_at: unlucky", null);
    return TAKEN;
  };
  for (let n = 0; n < 50; n++) reporter.add(observation(n));
  await pass(20_000);
  const arrived = reports.filter(({ observations }) => observations.every(({ due_at }) => due_at !== 13));
  expect(arrived.flatMap(({ observations }) => observations.map(({ due_at }) => due_at))).toEqual(
    Array.from({ length: 50 }, (_, n) => n).filter((n) => n !== 13),
  );
  expect(logged).toEqual(["an observation is left out: the hub answers 400: due_at: unlucky"]);
});

test("a hub that can't read anything gets nothing thrown away for long", async () => {
  hub = () => {
    throw new HubRefused(400, "version: unknown", null);
  };
  for (let n = 0; n < 100; n++) reporter.add(observation(n));
  await pass(120_000);
  expect(spool.waiting).toBe(95);
  expect(reports.length).toBeLessThan(100);
  hub = () => TAKEN;
  reports = [];
  await pass(6_000);
  expect(dues()).toHaveLength(95);
});

test("it waits as long as the hub asks, and long when the key is not valid", async () => {
  hub = () => {
    throw new HubRefused(429, "too many requests", 20_000);
  };
  reporter.add(observation(1));
  await pass(19_000);
  expect(reports).toHaveLength(1);
  hub = () => {
    throw new HubRefused(401, "the key is not valid", null);
  };
  await pass(25_000);
  expect(reports).toHaveLength(2);
  expect(logged.at(-1)).toContain("the key is not valid");
});

test("large observations are split into several reports", async () => {
  const details = Object.fromEntries(Array.from({ length: 40 }, (_, k) => [`d${k}`, "x".repeat(200)]));
  for (let n = 0; n < 400; n++) reporter.add(observation(n, { details }));
  await pass(5_000);
  expect(dues()).toHaveLength(400);
  for (const report of reports) expect(JSON.stringify(report).length).toBeLessThan(1_000_000);
});

test("it tells of the agent itself when asked to, and says what the hub refuses", async () => {
  hub = () => ({ ...TAKEN, refused: [{ service_id: 9, reason: "this agent has no such service" }] });
  reporter.announce();
  await pass(300);
  expect(reports).toEqual([
    { version: "1", host: "m1", problem: null, waiting: 0, dropped: 0, tells_again: true, observations: [] },
  ]);
  expect(logged).toEqual(["the hub refuses observations of service 9: this agent has no such service"]);
});

test("what a part of the hub could not take in is told again, in order, and holds up nothing else", async () => {
  let failing = true;
  hub = () => (failing ? { ...TAKEN, untaken: [8] } : TAKEN);
  reporter.add(observation(1, { service_id: 8 }));
  reporter.add(observation(2));
  await pass(300);
  expect(dues()).toEqual([1, 2]);
  reporter.add(observation(3, { service_id: 8 }));
  reporter.add(observation(4));
  await pass(300);
  expect(dues()).toEqual([1, 2, 4]);
  await pass(1_000);
  expect(dues()).toEqual([1, 2, 4, 1, 3]);
  failing = false;
  await pass(10_000);
  expect(dues()).toEqual([1, 2, 4, 1, 3, 1, 3]);
  expect(spool.waiting).toBe(0);
});

test("what waits at the stop is told before the end", async () => {
  reporter.add(observation(1));
  reporter.stop();
  await pass(1_000);
  await running;
  expect(dues()).toEqual([1]);
});

test("a report says goodbye at the stop, also when nothing waits, and no other one does", async () => {
  reporter.add(observation(1));
  await pass(1_000);
  reporter.stop();
  await pass(1_000);
  await running;
  expect(reports.map(({ leaving, observations }) => [leaving, observations.length])).toEqual([
    [undefined, 1],
    [true, 0],
  ]);
});

test("a goodbye to a hub that is away is no news", async () => {
  hub = away;
  reporter.stop();
  await pass(1_000);
  await running;
  expect(logged).toEqual([]);
});

test("a spool that a crash left in the middle of a line makes no empty reports", async () => {
  reporter.stop();
  await pass(1_000);
  await running;
  writeFileSync(join(folder, "00000009.jsonl"), `${JSON.stringify(observation(1))}\n{"service_id":7,"re`);
  spool = new Spool({ folder, maxBytes: 1e9, fileBytes: 1e6 });
  reports = [];
  begin();
  reporter.add(observation(2));
  await pass(10_000);
  expect(dues()).toEqual([1, 2]);
  expect(reports.length).toBeLessThan(3);
  expect(reports.at(-1)).toMatchObject({ dropped: 1, waiting: 0 });
});

test("a full disk loses observations, which is said once and told to the hub, and does not end the agent", async () => {
  await pass(1_000);
  symlinkSync("/dev/full", join(folder, "00000001.jsonl"));
  for (const n of [1, 2, 3]) reporter.add(observation(n));
  await pass(1_000);
  expect(logged).toEqual([expect.stringMatching(/^observations are lost: ENOSPC/)]);
  expect(reports.map(({ dropped, observations }) => [dropped, observations])).toEqual([[3, []]]);
  rmSync(join(folder, "00000001.jsonl"));
  reporter.add(observation(4));
  await pass(1_000);
  expect(dues()).toEqual([4]);
});
